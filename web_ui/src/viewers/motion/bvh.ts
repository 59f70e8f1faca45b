import { BVHLoader } from 'three/addons/loaders/BVHLoader.js';
import type { Bone } from 'three';
import { NoMotion, type Motion } from './joints';

/** The frame time that a BVH names, in seconds. */
export const frameTimeOf = (text: string): number => {
  const found = Number(/^\s*Frame Time:\s*([0-9.eE+-]+)/im.exec(text)?.[1]);
  return found > 0 && Number.isFinite(found) ? found : 1 / 30;
};

/** A motion from the text of a BVH file; joints are worked out pose by pose, as they are seen. */
export function readBvh(text: string): Motion {
  if (!/^\s*HIERARCHY/i.test(text)) throw new NoMotion('bvh');
  // It logs what it does not understand and throws what it cannot read.
  const { skeleton, clip } = new BVHLoader().parse(text);
  const bones = skeleton.bones;
  const root = bones[0];
  const count = clip.tracks[0]?.times.length ?? 0;
  if (!root || !count) throw new NoMotion('bvh');
  const moves = movesOf(bones, clip.tracks);
  const places = new Float32Array(bones.length * 3);
  let shown = -1;
  return {
    names: bones.map(({ name }) => name),
    parents: bones.map(({ parent }) => (parent ? bones.indexOf(parent as Bone) : -1)),
    count,
    frameTime: frameTimeOf(text),
    pose(frame) {
      if (frame === shown) return places;
      for (const { bone, positions, turns } of moves) {
        if (positions) bone.position.fromArray(positions, frame * 3);
        if (turns) bone.quaternion.fromArray(turns, frame * 4);
      }
      root.updateMatrixWorld(true);
      bones.forEach(({ matrixWorld: { elements } }, at) =>
        places.set([elements[12]!, elements[13]!, elements[14]!], at * 3),
      );
      shown = frame;
      return places;
    },
  };
}

type Tracks = ReturnType<BVHLoader['parse']>['clip']['tracks'];

interface Move {
  bone: Bone;
  positions: ArrayLike<number> | null;
  turns: ArrayLike<number> | null;
}

/** Tracks come in the order of the bones: names alone would not do, they may stand twice. */
function movesOf(bones: readonly Bone[], tracks: Tracks): Move[] {
  const rest = [...tracks];
  const take = (name: string): ArrayLike<number> | null =>
    rest[0]?.name === name ? rest.shift()!.values : null;
  return bones.map((bone) => ({
    bone,
    positions: take(`${bone.name}.position`),
    turns: take(`${bone.name}.quaternion`),
  }));
}
