// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { frameTimeOf, readBvh } from './bvh';
import { project } from './flat';
import { boxOf, frameAt, motionOf, NoMotion, trailOf } from './joints';

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
