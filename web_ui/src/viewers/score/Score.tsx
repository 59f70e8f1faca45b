import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from '@/state/settings';
import type { File } from '../kinds';
import { Bar, Gap, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { Track } from '../playing/Track';
import { useClock } from '../playing/transport';
import { barStep, boxOf, countOf, isBlack, octaveOf, rangeOf, type Roll } from './roll';
import own from './Score.module.css';
import { colourOf, useRoll } from './useRoll';

/** Written music: a piano roll, and a line that moves over it as fast as the music goes. */
export default function Score({ file, title }: { file: File; title: string }) {
  const { t } = useTranslation('viewers');
  const { data, error } = useRoll(file.asset);
  if (error) return <Sentence>{t('score.broken')}</Sentence>;
  if (!data) return <Sentence>{t('loading')}</Sentence>;
  return <Shown roll={data} title={title} />;
}

function Shown({ roll, title }: { roll: Roll; title: string }) {
  const { t } = useTranslation('viewers');
  const transport = useClock(roll.seconds);
  const tempo = roll.tempos.findLast(([from]) => from <= transport.time)?.[1] ?? 120;
  return (
    <div className={css.viewer} data-viewer="score">
      <div className={own.frame}>
        <Track transport={transport} label={t('score.track', { title })} tall>
          <Drawn roll={roll} label={t('score.label', { title, count: countOf(roll) })} />
        </Track>
      </div>
      <Bar label={t('tools')}>
        <Controls transport={transport} />
        <Gap />
        <ul className={own.tracks} aria-label={t('score.tracks')}>
          {roll.tracks.map((track, at) => (
            <li key={at}>
              <i style={{ background: colourOf(at) }} aria-hidden />
              {track.name || t('score.unnamed', { at: at + 1 })}
            </li>
          ))}
        </ul>
        <span>{t('score.about', { bpm: Math.round(tempo), bars: roll.bars.length })}</span>
      </Bar>
    </div>
  );
}

function Drawn({ roll, label }: { roll: Roll; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useSettings((settings) => settings.theme);
  useEffect(() => {
    const element = canvas.current!;
    const watch = new ResizeObserver(() => draw(element, roll));
    watch.observe(element);
    return () => watch.disconnect();
  }, [roll, theme]);
  return (
    <div className={own.roll}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, roll: Roll): void {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const context = canvas.getContext('2d')!;
  context.scale(devicePixelRatio, devicePixelRatio);
  const style = getComputedStyle(canvas);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  drawKeys(context, roll, width, height, token);
  const range = rangeOf(roll);
  roll.tracks.forEach((track, at) => {
    context.fillStyle = token(colourOf(at).slice(4, -1));
    for (const note of track.notes) {
      const box = boxOf(note, range, roll.seconds, width, height);
      context.globalAlpha = 0.4 + (0.6 * note[3]) / 127;
      context.beginPath();
      context.roundRect(box.x, box.y, box.width, box.height, Math.min(2, box.height / 3));
      context.fill();
    }
  });
  context.globalAlpha = 1;
  nameOctaves(context, roll, height, token);
}

/** The rows of the black keys, and the lines of bars with their numbers. */
function drawKeys(
  context: CanvasRenderingContext2D,
  roll: Roll,
  width: number,
  height: number,
  token: (name: string) => string,
): void {
  const { low, high } = rangeOf(roll);
  const row = height / (high - low + 1);
  context.fillStyle = token('--canvas');
  context.fillRect(0, 0, width, height);
  for (let pitch = low; pitch <= high; pitch++) {
    const y = (high - pitch) * row;
    context.fillStyle = token('--hover');
    if (isBlack(pitch)) context.fillRect(0, y, width, row);
    context.fillStyle = token('--line');
    if (pitch % 12 === 0) context.fillRect(0, y + row - 1, width, 1);
  }
  const step = barStep(roll.bars.length, width);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  roll.bars.forEach((at, bar) => {
    if (bar % step) return;
    const x = (at / Math.max(roll.seconds, 1e-6)) * width;
    context.fillStyle = token('--line');
    context.fillRect(x, 0, 1, height);
    context.fillStyle = token('--text-2');
    if (x < width - 20) context.fillText(String(bar + 1), x + 4, 12);
  });
}

/** C2, C3 …, above the notes. */
function nameOctaves(
  context: CanvasRenderingContext2D,
  roll: Roll,
  height: number,
  token: (name: string) => string,
): void {
  const { low, high } = rangeOf(roll);
  const row = height / (high - low + 1);
  context.fillStyle = token('--text');
  for (let pitch = low; pitch <= high; pitch += 12)
    context.fillText(`C${octaveOf(pitch)}`, 4, (high - pitch) * row + row - 3);
}
