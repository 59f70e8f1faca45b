/** A skeleton on a floor, seen by a camera that goes round it. */

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  CylinderGeometry,
  DirectionalLight,
  GridHelper,
  HemisphereLight,
  InstancedMesh,
  Line,
  LineBasicMaterial,
  Matrix4,
  MeshStandardMaterial,
  PerspectiveCamera,
  Quaternion,
  Scene,
  SphereGeometry,
  Vector3,
} from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { boxOf, trailOf, type Motion } from './joints';
import { onRestored, render } from './renderer';

export interface Colours {
  bone: string;
  joint: string;
  grid: string;
  axis: string;
  trail: string;
}

const UP = new Vector3(0, 1, 0);

export class Stage {
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(40, 1, 0.01, 1000);
  private readonly controls: OrbitControls;
  private readonly bones: InstancedMesh;
  private readonly joints: InstancedMesh;
  private readonly trail: Line;
  private readonly pairs: readonly (readonly [number, number])[];
  private readonly thickness: number;
  private readonly forget: () => void;
  private root = new Vector3();
  private frame = 0;
  /** Go along with the root. */
  follow = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly motion: Motion,
    colours: Colours,
  ) {
    const box = boxOf(motion);
    const [low, high] = [new Vector3(...box.min), new Vector3(...box.max)];
    const size = Math.max(high.distanceTo(low), 1e-6);
    const first = this.heightOf(0) || size;
    this.thickness = first * 0.014;
    this.pairs = motion.parents.flatMap((parent, at) =>
      parent < 0 ? [] : [[parent, at] as const],
    );
    const material = (colour: string): MeshStandardMaterial =>
      new MeshStandardMaterial({ color: new Color(colour), roughness: 0.7 });
    const shaft = new CylinderGeometry(0.45, 1, 1, 10).translate(0, 0.5, 0);
    this.bones = new InstancedMesh(shaft, material(colours.bone), Math.max(1, this.pairs.length));
    this.joints = new InstancedMesh(
      new SphereGeometry(1, 16, 12),
      material(colours.joint),
      motion.names.length,
    );
    this.bones.frustumCulled = this.joints.frustumCulled = false;
    const path = new BufferGeometry();
    path.setAttribute('position', new BufferAttribute(onFloor(trailOf(motion), low.y), 3));
    this.trail = new Line(path, new LineBasicMaterial({ color: new Color(colours.trail) }));
    this.scene.add(this.bones, this.joints, this.trail, ...floor(low, high, size, colours));
    const light = new DirectionalLight(0xffffff, 2);
    light.position.set(1, 2, 1.5);
    this.scene.add(new HemisphereLight(0xffffff, 0x404040, 1.6), light);
    this.camera.near = size / 1000;
    this.camera.far = size * 50;
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener('change', this.draw);
    this.controls.target.copy(low).add(high).multiplyScalar(0.5);
    const from = new Vector3(0.55, 0.3, 1).normalize().multiplyScalar(size * 1.35);
    this.camera.position.copy(this.controls.target).add(from);
    this.forget = onRestored(this.draw);
    this.show(0);
    this.controls.update();
  }

  private heightOf(frame: number): number {
    const heights = this.motion.pose(frame).filter((_, at) => at % 3 === 1);
    return Math.max(...heights) - Math.min(...heights);
  }

  /** Show a pose. */
  show(frame: number): void {
    this.frame = frame;
    const places = this.motion.pose(frame);
    const at = (joint: number): Vector3 => new Vector3().fromArray(places, joint * 3);
    const matrix = new Matrix4();
    const turn = new Quaternion();
    this.pairs.forEach(([parent, joint], index) => {
      const from = at(parent);
      const along = at(joint).sub(from);
      const length = along.length();
      turn.setFromUnitVectors(UP, length ? along.divideScalar(length) : UP);
      matrix.compose(
        from,
        turn,
        new Vector3(this.thickness, Math.max(length, 1e-9), this.thickness),
      );
      this.bones.setMatrixAt(index, matrix);
    });
    const radius = this.thickness * 1.35;
    this.motion.names.forEach((_, joint) => {
      matrix.makeScale(radius, radius, radius).setPosition(at(joint));
      this.joints.setMatrixAt(joint, matrix);
    });
    this.bones.instanceMatrix.needsUpdate = this.joints.instanceMatrix.needsUpdate = true;
    const root = at(Math.max(0, this.motion.parents.indexOf(-1)));
    if (this.follow) {
      const moved = root.clone().sub(this.root);
      moved.y = 0;
      this.camera.position.add(moved);
      this.controls.target.add(moved);
    }
    this.root = root;
    this.draw();
  }

  showTrail(shown: boolean): void {
    this.trail.visible = shown;
    this.draw();
  }

  resize(width: number, height: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.camera.aspect = width / Math.max(1, height);
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  /** Go round by an angle in radians, and nearer by a factor. */
  move(round: number, nearer = 1): void {
    const from = this.camera.position.clone().sub(this.controls.target);
    from.applyAxisAngle(UP, round).divideScalar(nearer);
    this.camera.position.copy(this.controls.target).add(from);
    this.controls.update();
    this.draw();
  }

  private readonly draw = (): void => {
    this.camera.lookAt(this.controls.target);
    render(this.scene, this.camera, this.canvas);
  };

  get shown(): number {
    return this.frame;
  }

  dispose(): void {
    this.forget();
    this.controls.dispose();
    this.scene.traverse((one) => {
      const { geometry, material } = one as {
        geometry?: BufferGeometry;
        material?: LineBasicMaterial;
      };
      geometry?.dispose();
      material?.dispose();
    });
  }
}

/** A path, drawn just above the floor. */
const onFloor = (points: Float32Array, floor: number): Float32Array =>
  points.map((value, at) => (at % 3 === 1 ? floor + 1e-3 : value));

/** A grid below all poses, its squares as long as a round number. */
function floor(low: Vector3, high: Vector3, size: number, colours: Colours): GridHelper[] {
  const raw = size / 8;
  const power = 10 ** Math.floor(Math.log10(raw));
  const square = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw) ?? raw;
  const count = 2 * Math.ceil((size * 1.2) / square);
  const grid = new GridHelper(
    count * square,
    count,
    new Color(colours.axis),
    new Color(colours.grid),
  );
  const middle = low.clone().add(high).multiplyScalar(0.5);
  grid.position.set(
    Math.round(middle.x / square) * square,
    low.y,
    Math.round(middle.z / square) * square,
  );
  return [grid];
}
