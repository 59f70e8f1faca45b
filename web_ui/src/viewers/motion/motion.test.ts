// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { frameTimeOf, readBvh } from './bvh';
import { bodyOf } from './figure';
import { project } from './flat';
import { lighter, readGlb } from './glb';
import { boxOf, frameAt, motionOf, NoMotion, trailOf } from './joints';
import { isBody, partsOf } from './parts';
import { soundsOf } from './sounds';

const BVH = `HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Arm
  {
    OFFSET 0 10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 20 0 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.0416667
0 90 0 0 0 0 0 0 0
5 90 0 0 0 0 90 0 0
10 90 0 90 0 0 0 0 0
`;

describe('a BVH (M5)', () => {
  it('has the time and the number of its frames', () => {
    const motion = readBvh(BVH);
    expect(motion.count).toBe(3);
    expect(motion.frameTime).toBeCloseTo(1 / 24, 5);
    expect(frameTimeOf('Frame Time: nonsense')).toBeCloseTo(1 / 30);
  });

  it('has joints where its turns put them', () => {
    const motion = readBvh(BVH);
    expect(motion.parents).toEqual([-1, 0, 1]);
    const end = (frame: number): number[] =>
      [...motion.pose(frame).subarray(6, 9)].map((one) => Math.round(one));
    const root = (frame: number): number => motion.pose(frame)[0]!;
    expect(root(1) - root(0)).toBe(5);
    const [first, second] = [end(0), end(1)];
    // A quarter turn of the arm about z: what was 20 to the right is 20 up.
    expect([second[0]! - first[0]!, second[1]! - first[1]!]).toEqual([5 - 20, 20]);
  });

  it('that is none says so', () => {
    expect(() => readBvh('{"not": "it"}')).toThrow(NoMotion);
  });
});

describe('joints as JSON (M5)', () => {
  const told = {
    joints: [{ name: 'hips' }, { name: 'head', parent: 'hips' }],
    frames: [
      [[0, 1, 0], [0, 2, 0]],
      [[1, 1, 3], [1, 2, 3]],
    ], // prettier-ignore
    fps: 2,
  };

  it('stand as they are told', () => {
    const motion = motionOf(told);
    expect([motion.parents, motion.count, motion.frameTime]).toEqual([[-1, 0], 2, 0.5]);
    expect([...motion.pose(1)]).toEqual([1, 1, 3, 1, 2, 3]);
    expect(boxOf(motion)).toEqual({ min: [0, 1, 0], max: [1, 2, 3] });
    expect([...trailOf(motion)]).toEqual([0, 1, 0, 1, 1, 3]);
  });

  it('are refused if a frame has not all of them', () => {
    expect(() => motionOf({ ...told, frames: [[[0, 0, 0]]] })).toThrow(NoMotion);
  });

  it('are at a frame at a time, the last one at the end', () => {
    const motion = motionOf(told);
    expect([0, 0.49, 0.5, 7].map((time) => frameAt(motion, time))).toEqual([0, 0, 1, 1]);
  });

  it('are drawn upright and in the middle where there is no WebGL', () => {
    const box = boxOf(motionOf(told));
    const flat = { yaw: 0, zoom: 1 };
    const [x, low] = project([0.5, 1, 1.5], box, flat, 200, 100);
    const [, high] = project([0.5, 2, 1.5], box, flat, 200, 100);
    expect(x).toBe(100);
    expect(low).toBeGreaterThan(high);
  });
});

/** A GLB of a hip that moves 5 m in a second with an arm on it, and of a picture elsewhere. */
function glb(change: (tree: Record<string, unknown>) => object = (tree) => tree): ArrayBuffer {
  const numbers = new Float32Array([0, 0.5, 1, 0, 90, 0, 2.5, 90, 0, 5, 90, 0]);
  const tree = {
    asset: { version: '2.0' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [
      { name: 'Hips', children: [1], translation: [0, 90, 0] },
      { name: 'Arm', translation: [0, 10, 0] },
      { name: 'figure', mesh: 0 },
    ],
    meshes: [{ primitives: [{ attributes: {}, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 } } }],
    textures: [{ source: 0 }],
    images: [{ uri: 'https://elsewhere.test/spy.png' }],
    skins: [{ joints: [0, 1] }],
    buffers: [{ byteLength: 48 }],
    bufferViews: [
      { buffer: 0, byteLength: 12 },
      { buffer: 0, byteOffset: 12, byteLength: 36 },
    ],
    accessors: [
      { bufferView: 0, componentType: 5126, count: 3, type: 'SCALAR', min: [0], max: [1] },
      { bufferView: 1, componentType: 5126, count: 3, type: 'VEC3' },
    ],
    animations: [
      {
        samplers: [{ input: 0, output: 1 }],
        channels: [{ sampler: 0, target: { node: 0, path: 'translation' } }],
      },
    ],
  };
  const text = new TextEncoder().encode(JSON.stringify(change(tree)));
  const padded = Math.ceil(text.length / 4) * 4;
  const made = new Uint8Array(28 + padded + 48).fill(32);
  const words = [0x46546c67, 2, made.length, padded, 0x4e4f534a];
  const view = new DataView(made.buffer);
  words.forEach((word, at) => view.setUint32(4 * at, word, true));
  made.set(text, 20);
  view.setUint32(20 + padded, 48, true);
  view.setUint32(24 + padded, 0x004e4942, true);
  made.set(new Uint8Array(numbers.buffer), 28 + padded);
  return made.buffer;
}

describe('a GLB (M5)', () => {
  it('moves as its animation says, and nothing else of it is read', async () => {
    const motion = await readGlb(glb());
    expect([motion.names, motion.parents]).toEqual([
      ['Hips', 'Arm'],
      [-1, 0],
    ]);
    expect([motion.count, motion.frameTime]).toEqual([3, 0.5]);
    expect([...motion.pose(1)]).toEqual([2.5, 90, 0, 2.5, 100, 0]);
    expect([...motion.pose(0)]).toEqual([0, 90, 0, 0, 100, 0]);
    const kept = new TextDecoder().decode(lighter(glb()).data);
    expect(kept).toContain('Hips');
    expect(kept).not.toContain('elsewhere');
  });

  it('that has no motion, or its numbers elsewhere, says so', async () => {
    await expect(readGlb(glb(({ animations: _, ...rest }) => rest))).rejects.toThrow(NoMotion);
    const away = glb((tree) => ({ ...tree, buffers: [{ uri: 'https://elsewhere.test/x.bin' }] }));
    await expect(readGlb(away)).rejects.toThrow(NoMotion);
    await expect(readGlb(new ArrayBuffer(40))).rejects.toThrow(NoMotion);
  });
});

const SMPL = 'pelvis left_hip right_hip spine1 left_knee right_knee spine2 left_ankle right_ankle spine3 left_foot right_foot neck left_collar right_collar head left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist'.split(' '); // prettier-ignore
const MIXAMO = 'Hips Spine Neck Head LeftShoulder LeftArm LeftForeArm LeftHand RightShoulder RightArm RightForeArm RightHand LeftUpLeg LeftLeg LeftFoot LeftToeBase RightUpLeg RightLeg RightFoot RightToeBase'.split(' ').map((one) => `mixamorig:${one}`); // prettier-ignore

describe('the parts of a body', () => {
  it('are found by the names that SMPL and Mixamo give them', () => {
    for (const names of [SMPL, MIXAMO]) expect(isBody(names)).toBe(true);
    const found = partsOf(MIXAMO);
    const named = (role: string): string => MIXAMO[found.get(role)!]!.slice('mixamorig:'.length);
    expect(['left_hip', 'left_knee', 'right_ankle', 'right_foot', 'left_shoulder'].map(named)).toEqual(
      ['LeftUpLeg', 'LeftLeg', 'RightFoot', 'RightToeBase', 'LeftArm'],
    ); // prettier-ignore
    expect(isBody(['hips', 'head', 'tail'])).toBe(false);
  });

  it('are dressed where they are, and bones alone are not', () => {
    const places = SMPL.flatMap((_, at) => [Math.sin(at), at / 12, Math.cos(3 * at)]);
    const motion = motionOf({ joints: SMPL, frames: [places.map((one) => [one])], fps: 30 });
    const body = bodyOf(motion)!;
    body.pose(motion.pose(0));
    const knee = SMPL.indexOf('left_knee');
    const shin = places.slice(3 * knee, 3 * knee + 3);
    const near = body.group.children.map(({ position: { x, y, z } }) =>
      Math.hypot(x - shin[0]!, y - shin[1]!, z - shin[2]!),
    );
    expect(Math.min(...near)).toBeLessThan(1e-6);
    expect(bodyOf(motionOf({ joints: ['a'], frames: [[[0, 0, 0]]] }))).toBeNull();
  });
});

describe('what is heard to a motion', () => {
  const file = (asset: string, media: string, name: string) => ({
    title: name,
    file: { asset, media, name } as Parameters<typeof soundsOf>[0][number]['file'],
  });

  it('is a sound before a film, each once, and nothing else', () => {
    const found = soundsOf([
      file('1', 'image/png', 'strip.png'),
      file('2', 'video/mp4', 'dance.mp4'),
      file('3', 'audio/flac', 'song.flac'),
      file('3', 'audio/flac', 'again.flac'),
    ]);
    expect(found.map(({ asset, outline }) => [asset, outline])).toEqual([
      ['3', true],
      ['2', false],
    ]);
  });
});
