/** How joints move, from whatever told it. */

export interface Motion {
  names: readonly string[];
  /** The joint that each hangs from; -1 for a root. */
  parents: readonly number[];
  /** Number of poses, and the seconds that each stands. */
  count: number;
  frameTime: number;
  /** Where the joints are in a pose: x, y (up) and z of each. The same memory each time. */
  pose(frame: number): Float32Array;
}

/** Larger motions are not drawn. */
const MOST_JOINTS = 2000;

export class NoMotion extends Error {}

type Joint = string | { name?: unknown; parent?: unknown };

interface Told {
  joints: readonly Joint[];
  parents?: readonly unknown[];
  frames: readonly (readonly unknown[])[];
  fps?: unknown;
  frameTime?: unknown;
}

const nameOf = (joint: Joint, at: number): string =>
  typeof joint === 'string' ? joint : typeof joint.name === 'string' ? joint.name : `${at}`;

/**
 * Joints and frames as JSON: `{"joints": [{"name", "parent"}], "frames": [[[x, y, z], …], …], "fps"}`.
 * A parent is a name or a number; numbers may also stand in a list `parents`.
 */
export function motionOf(value: unknown): Motion {
  const told = value as Told;
  const count = told.joints.length;
  if (!count || count > MOST_JOINTS) throw new NoMotion('joints');
  const names = told.joints.map(nameOf);
  const parents = told.joints.map((joint, at) => {
    const named = told.parents?.[at] ?? (typeof joint === 'string' ? null : joint.parent);
    const found = typeof named === 'string' ? names.indexOf(named) : Number(named ?? -1);
    return Number.isInteger(found) && found >= 0 && found < count && found !== at ? found : -1;
  });
  const places = new Float32Array(told.frames.length * count * 3);
  told.frames.forEach((frame, index) => {
    const flat = frame.flat(1).map(Number);
    if (flat.length !== count * 3 || !flat.every(Number.isFinite)) throw new NoMotion('frames');
    places.set(flat, index * count * 3);
  });
  const rate = Number(told.fps);
  const given = Number(told.frameTime);
  return {
    names,
    parents,
    count: told.frames.length,
    frameTime: given > 0 ? given : rate > 0 ? 1 / rate : 1 / 30,
    pose: (frame) => places.subarray(frame * count * 3, (frame + 1) * count * 3),
  };
}

/** The pose that stands at a time. */
export const frameAt = (motion: Pick<Motion, 'count' | 'frameTime'>, time: number): number =>
  Math.max(0, Math.min(motion.count - 1, Math.floor(time / motion.frameTime + 1e-6)));

export interface Box {
  min: [number, number, number];
  max: [number, number, number];
}

/** What all poses keep inside, of a few that are spread over the whole. */
export function boxOf(motion: Motion, samples = 60): Box {
  const box: Box = {
    min: [Infinity, Infinity, Infinity],
    max: [-Infinity, -Infinity, -Infinity],
  };
  const step = Math.max(1, Math.floor(motion.count / samples));
  for (let frame = 0; frame < motion.count; frame += step)
    motion.pose(frame).forEach((value, at) => {
      const axis = at % 3;
      box.min[axis] = Math.min(box.min[axis]!, value);
      box.max[axis] = Math.max(box.max[axis]!, value);
    });
  return box;
}

/** Where the root goes, on at most `most` points. */
export function trailOf(motion: Motion, most = 2000): Float32Array {
  const step = Math.max(1, Math.ceil(motion.count / most));
  const root = Math.max(0, motion.parents.indexOf(-1));
  const points: number[] = [];
  for (let frame = 0; frame < motion.count; frame += step)
    points.push(...motion.pose(frame).subarray(root * 3, root * 3 + 3));
  return new Float32Array(points);
}
