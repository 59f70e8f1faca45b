import type { Entry } from '../search';

const DOING: readonly (readonly [string, string])[] = [
  ['Gaussian', '高斯'],
  ['Bilateral', '双边'],
  ['Motion', '动作'],
  ['Radial', '径向'],
  ['Adaptive', '自适应'],
  ['Random', '随机'],
  ['Latent', '潜空间'],
  ['Spectral', '频谱'],
  ['Temporal', '时间'],
  ['Inverse', '反向'],
];
const THING: readonly (readonly [string, string])[] = [
  ['blur', '模糊'],
  ['sampler', '采样器'],
  ['upscale', '放大'],
  ['mask', '遮罩'],
  ['colour grading', '调色'],
  ['noise', '噪声'],
  ['skeleton', '骨骼'],
  ['text encoder', '文本编码器'],
  ['video frames', '视频帧'],
  ['chord progression', '和弦进行'],
];
const TYPES = [
  'Image',
  'Mask',
  'Latent',
  'Text',
  'Motion',
  'Audio',
  'list[Image]',
  'Number | None',
];

/** Node types as a large installation has them, the same ones each time. */
export function manyEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const [doing, doingZh] = DOING[at % 10]!;
    const [thing, thingZh] = THING[Math.floor(at / 10) % 10]!;
    const number = Math.floor(at / 100);
    const words = `${doing} ${thing} ${number}`;
    return {
      id: `pack${at % 37}.${words.toLowerCase().replaceAll(' ', '_')}`,
      pack: `pack${at % 37}`,
      category: thing,
      title: words,
      titles: [`${doingZh}${thingZh} ${number}`],
      text:
        `Makes of what comes in a ${thing} that was treated in the ${doing.toLowerCase()} way, ` +
        'with as many steps as it is told to take; the strength says how much of it is seen.',
      aliases: [`${thing} by ${doing}`],
      inputs: [TYPES[at % 8]!, TYPES[(at + 3) % 8]!],
      outputs: [TYPES[(at + 5) % 8]!],
    };
  });
}
