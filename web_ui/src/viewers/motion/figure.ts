/** What stands on the stage: bones as they are, or a body of round limbs around them. */

import {
  Color,
  CylinderGeometry,
  Group,
  InstancedMesh,
  LatheGeometry,
  Matrix4,
  Mesh,
  MeshStandardMaterial,
  Quaternion,
  SphereGeometry,
  Vector2,
  Vector3,
} from 'three';
import type { Motion } from './joints';
import { isBody, partsOf } from './parts';

export interface Figure {
  readonly group: Group;
  /** Put it where the joints are: x, y and z of each. */
  pose(places: Float32Array): void;
}

const UP = new Vector3(0, 1, 0);

const made = (colour: string): MeshStandardMaterial =>
  new MeshStandardMaterial({ color: new Color(colour), roughness: 0.75 });

const at = (places: Float32Array, joint: number): Vector3 =>
  new Vector3().fromArray(places, joint * 3);

/** Bones between joints, for whatever skeleton. */
export function bonesOf(
  motion: Motion,
  thickness: number,
  colours: { bone: string; joint: string },
): Figure {
  const group = new Group();
  const pairs = motion.parents.flatMap((parent, joint) =>
    parent < 0 ? [] : [[parent, joint] as const],
  );
  const shaft = new CylinderGeometry(0.45, 1, 1, 10).translate(0, 0.5, 0);
  const bones = new InstancedMesh(shaft, made(colours.bone), Math.max(1, pairs.length));
  const joints = new InstancedMesh(
    new SphereGeometry(1, 16, 12),
    made(colours.joint),
    motion.names.length,
  );
  bones.frustumCulled = joints.frustumCulled = false;
  bones.castShadow = joints.castShadow = true;
  group.add(bones, joints);
  const matrix = new Matrix4();
  const turn = new Quaternion();
  return {
    group,
    pose(places) {
      pairs.forEach(([parent, joint], index) => {
        const from = at(places, parent);
        const along = at(places, joint).sub(from);
        const length = along.length();
        turn.setFromUnitVectors(UP, length ? along.divideScalar(length) : UP);
        const size = new Vector3(thickness, Math.max(length, 1e-9), thickness);
        bones.setMatrixAt(index, matrix.compose(from, turn, size));
      });
      const radius = thickness * 1.35;
      motion.names.forEach((_, joint) => {
        matrix.makeScale(radius, radius, radius).setPosition(at(places, joint));
        joints.setMatrixAt(joint, matrix);
      });
      bones.instanceMatrix.needsUpdate = joints.instanceMatrix.needsUpdate = true;
    },
  };
}

const DRESS = { skin: '#e2ab88', top: '#d8434a', trousers: '#3b5590', shoes: '#eef0f4' };
const [HAIR, EYES] = ['#33241c', '#20242c'];

type Limb = [a: string, b: string, thick: number, thin: number, dress: keyof typeof DRESS, past: number]; // prettier-ignore

/** Radii in metres of a body of 1.7 m; by how much of its length each goes on past its end. */
const PAIRED: readonly Limb[] = [
  ['neck', 'shoulder', 0.06, 0.062, 'top', 0],
  ['hip', 'knee', 0.088, 0.06, 'trousers', 0],
  ['knee', 'ankle', 0.06, 0.042, 'trousers', 0],
  ['ankle', 'foot', 0.047, 0.04, 'shoes', 0.35],
  ['shoulder', 'elbow', 0.056, 0.043, 'top', 0],
  ['elbow', 'wrist', 0.041, 0.031, 'skin', 0],
  ['wrist', 'hand', 0.034, 0.032, 'skin', 0.25],
];
const MIDDLE: readonly Limb[] = [
  ['left_hip', 'right_hip', 0.09, 0.09, 'trousers', 0],
  ['pelvis', 'neck', 0.1, 0.128, 'top', -0.2],
  ['left_shoulder', 'right_shoulder', 0.068, 0.068, 'top', 0],
  ['neck', 'head', 0.05, 0.047, 'skin', 0],
];
const LEG = 0.82;

/** A capsule that narrows along y, from the origin. */
function capsule(length: number, thick: number, thin: number): LatheGeometry {
  const arc = (radius: number, middle: number, from: number): Vector2[] =>
    Array.from({ length: 9 }, (_, step) => {
      const angle = from + (step / 8) * (Math.PI / 2);
      return new Vector2(Math.max(0, radius * Math.cos(angle)), middle + radius * Math.sin(angle));
    });
  return new LatheGeometry([...arc(thick, 0, -Math.PI / 2), ...arc(thin, length, 0)], 20);
}

interface Part {
  mesh: Mesh;
  a: number;
  b: number;
}

/** A body around the joints, or null where they are not those of one. */
export function bodyOf(motion: Motion): Figure | null {
  const found = partsOf(motion.names);
  const first = Float32Array.from(motion.pose(0));
  const length = (a: string, b: string): number => {
    const [from, to] = [found.get(a), found.get(b)];
    return from === undefined || to === undefined ? 0 : at(first, from).distanceTo(at(first, to));
  };
  const unit = (length('left_hip', 'left_knee') + length('left_knee', 'left_ankle')) / LEG;
  const both = (name: string, side: string): string => (name === 'neck' ? name : `${side}_${name}`);
  const limbs = [
    ...MIDDLE,
    ...['left', 'right'].flatMap((side) =>
      PAIRED.map(([a, b, ...rest]): Limb => [both(a, side), both(b, side), ...rest]),
    ),
  ].filter(([a, b]) => found.has(a) && found.has(b));
  if (!isBody(motion.names) || !(unit > 0)) return null;
  const group = new Group();
  const skins = Object.fromEntries(
    Object.entries(DRESS).map(([name, colour]) => [name, made(colour)]),
  );
  const parts = limbs.map(([a, b, thick, thin, dress, past]): Part => {
    const shape = capsule(length(a, b) * (1 + past), thick * unit, thin * unit);
    const mesh = new Mesh(shape, skins[dress]);
    // A chest is wider than deep.
    if (a === 'pelvis') mesh.scale.set(1.18, 1, 0.9);
    mesh.castShadow = true;
    mesh.frustumCulled = false;
    group.add(mesh);
    return { mesh, a: found.get(a)!, b: found.get(b)! };
  });
  const head = headOf(found, unit, skins.skin!);
  if (head) group.add(head.group);
  const side = ['left_shoulder', 'right_shoulder'].map((one) => found.get(one));
  return {
    group,
    pose(places) {
      const [left, right] = side.map((one) => (one === undefined ? null : at(places, one)));
      const aside = left && right ? left.sub(right).normalize() : new Vector3(1, 0, 0);
      for (const { mesh, a, b } of parts) {
        const from = at(places, a);
        mesh.position.copy(from);
        turned(mesh.quaternion, at(places, b).sub(from), aside);
      }
      head?.pose(places, aside);
    },
  };
}

const basis = new Matrix4();

/** A turn that brings y along a way, and x as near to another as can be. */
function turned(turn: Quaternion, along: Vector3, aside: Vector3): void {
  const y = along.lengthSq() ? along.normalize() : UP.clone();
  const z = new Vector3().crossVectors(aside, y);
  if (z.lengthSq() < 1e-6) turn.setFromUnitVectors(UP, y);
  else turn.setFromRotationMatrix(basis.makeBasis(z.normalize().clone().cross(y).negate(), y, z));
}

/** A head with hair and eyes, so that one sees where it looks. */
function headOf(found: ReadonlyMap<string, number>, unit: number, skin: MeshStandardMaterial) {
  const [neck, top] = [found.get('neck'), found.get('head')];
  if (neck === undefined || top === undefined) return null;
  const group = new Group();
  const ball = (
    material: MeshStandardMaterial,
    radius: number,
    [x, y, z]: readonly [number, number, number],
    [wide, tall, deep]: readonly [number, number, number] = [1, 1, 1],
  ): void => {
    const mesh = new Mesh(new SphereGeometry(radius * unit, 24, 18), material);
    mesh.position.set(x * unit, y * unit, z * unit);
    mesh.scale.set(wide, tall, deep);
    mesh.castShadow = true;
    mesh.frustumCulled = false;
    group.add(mesh);
  };
  const eyes = made(EYES);
  ball(skin, 0.09, [0, 0.085, 0.012], [0.92, 1.22, 1]);
  ball(made(HAIR), 0.096, [0, 0.118, -0.018], [0.98, 1.02, 1]);
  ball(eyes, 0.011, [0.034, 0.083, 0.095]);
  ball(eyes, 0.011, [-0.034, 0.083, 0.095]);
  return {
    group,
    pose(places: Float32Array, aside: Vector3) {
      const from = at(places, top);
      group.position.copy(from);
      turned(group.quaternion, from.sub(at(places, neck)), aside);
    },
  };
}
