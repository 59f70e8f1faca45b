/** The moving joints of a binary glTF. */

import { AnimationMixer, LoopOnce, type AnimationClip, type Object3D } from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { NoMotion, type Motion } from './joints';

interface Tree {
  nodes?: Record<string, unknown>[];
  buffers?: { uri?: unknown }[];
  animations?: { channels?: { target?: { node?: number } }[] }[];
  skins?: { joints?: number[] }[];
  [key: string]: unknown;
}

const [MAGIC, JSON_CHUNK] = [0x46546c67, 0x4e4f534a];
const MOST_FRAMES = 500_000;

/** What moves in a GLB: its tree without meshes and pictures, of which some would be fetched. */
export function lighter(data: ArrayBuffer): { data: ArrayBuffer; tree: Tree } {
  const head = new DataView(data);
  if (data.byteLength < 20 || head.getUint32(0, true) !== MAGIC) throw new NoMotion('glb');
  const length = head.getUint32(12, true);
  if (head.getUint32(16, true) !== JSON_CHUNK || 20 + length > data.byteLength)
    throw new NoMotion('glb');
  const tree = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 20, length))) as Tree;
  const { asset, scene, scenes, nodes, animations, accessors, bufferViews, buffers } = tree;
  if (!animations?.length || !nodes?.length) throw new NoMotion('glb');
  if (buffers?.some(({ uri }) => uri !== undefined)) throw new NoMotion('glb');
  const bare = nodes.map(({ name, children, translation, rotation, scale, matrix }) => ({
    name, children, translation, rotation, scale, matrix,
  })); // prettier-ignore
  const kept = {
    asset, scene, scenes, nodes: bare, animations: [animations[0]], accessors, bufferViews, buffers,
  }; // prettier-ignore
  const text = new TextEncoder().encode(JSON.stringify(kept));
  const padded = Math.ceil(text.length / 4) * 4;
  const rest = new Uint8Array(data, 20 + length);
  const made = new Uint8Array(20 + padded + rest.length).fill(32, 20, 20 + padded);
  const view = new DataView(made.buffer);
  [MAGIC, 2, made.length, padded, JSON_CHUNK].forEach((one, at) =>
    view.setUint32(4 * at, one, true),
  );
  made.set(text, 20);
  made.set(rest, 20 + padded);
  return { data: made.buffer, tree };
}

/** The joints of a figure: those of a skin, or else what moves and what that hangs from. */
function jointsOf(tree: Tree): number[] {
  const skin = tree.skins?.find(({ joints }) => joints?.length);
  if (skin) return skin.joints!;
  const parents = new Map<number, number>();
  tree.nodes!.forEach(({ children }, at) => {
    for (const child of (children as number[] | undefined) ?? []) parents.set(child, at);
  });
  const found = new Set<number>();
  for (const { target } of tree.animations![0]!.channels ?? [])
    for (let at = target?.node; at !== undefined && !found.has(at); at = parents.get(at))
      found.add(at);
  return [...found].sort((a, b) => a - b);
}

/** Seconds of a frame: the shortest time between two keys, which thinned keys are multiples of. */
function frameTimeOf(clip: AnimationClip): number {
  let least = Infinity;
  for (const { times } of clip.tracks)
    for (let at = 1; at < times.length; at++) {
      const step = times[at]! - times[at - 1]!;
      if (step > 1e-4) least = Math.min(least, step);
    }
  if (!Number.isFinite(least)) return 1 / 30;
  // Times are kept in 32 bits: the whole is more exact than a step.
  return clip.duration / Math.round(clip.duration / least);
}

/** A motion from the bytes of a GLB; joints are worked out pose by pose, as they are seen. */
export async function readGlb(bytes: ArrayBuffer): Promise<Motion> {
  const { data, tree } = lighter(bytes);
  const { scene, animations, parser } = await new GLTFLoader().parseAsync(data, '');
  const clip = animations[0];
  const all = (await parser.getDependencies('node')) as Object3D[];
  const joints = jointsOf(tree).map((at) => all[at]!);
  if (!clip?.tracks.length || !joints.length) throw new NoMotion('glb');
  const frameTime = frameTimeOf(clip);
  const count = Math.round(clip.duration / frameTime) + 1;
  if (!(count <= MOST_FRAMES)) throw new NoMotion('glb');
  const mixer = new AnimationMixer(scene);
  const action = mixer.clipAction(clip).setLoop(LoopOnce, 1);
  action.clampWhenFinished = true;
  action.play();
  const places = new Float32Array(joints.length * 3);
  const pose = (frame: number): Float32Array => {
    action.reset();
    mixer.setTime(frame * frameTime);
    scene.updateMatrixWorld(true);
    joints.forEach(({ matrixWorld: { elements } }, at) =>
      places.set([elements[12]!, elements[13]!, elements[14]!], at * 3),
    );
    return places;
  };
  if (!pose(0).every(Number.isFinite)) throw new NoMotion('glb');
  return {
    names: joints.map(({ name }) => name),
    parents: joints.map(({ parent }) => joints.indexOf(parent as Object3D)),
    count,
    frameTime,
    pose,
  };
}
