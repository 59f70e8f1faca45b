/** A figure on a floor, seen by a camera that goes round it. */

import {
  Color,
  DirectionalLight,
  Fog,
  HemisphereLight,
  PerspectiveCamera,
  Scene,
  Vector3,
  type BufferGeometry,
  type Line,
  type LineBasicMaterial,
} from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { bodyOf, bonesOf, type Figure } from './figure';
import { gridOf, pathOf, shadeOf } from './floor';
import { boxOf, trailOf, type Motion } from './joints';
import { onRestored, render } from './renderer';

export interface Colours {
  bone: string;
  joint: string;
  grid: string;
  axis: string;
  trail: string;
  far: string;
}

const UP = new Vector3(0, 1, 0);

export class Stage {
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(40, 1, 0.01, 1000);
  private readonly controls: OrbitControls;
  private readonly light = new DirectionalLight(0xffffff, 2.4);
  private readonly bones: Figure;
  private readonly body: Figure | null;
  private readonly trail: Line;
  private readonly reach: number;
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
    const tall = this.heightOf(0) || size;
    this.reach = tall * 1.3;
    this.bones = bonesOf(motion, tall * 0.014, colours);
    this.body = bodyOf(motion);
    // The soles of a body are below its joints.
    const floor = low.y - (this.body ? 0.018 * tall : 0);
    low.y = floor;
    this.trail = pathOf(trailOf(motion), floor + tall * 1e-3, colours.trail);
    this.scene.add(this.bones.group, this.trail, gridOf(low, high, size, colours));
    this.scene.add(shadeOf(size, floor + tall * 5e-4));
    if (this.body) this.scene.add(this.body.group);
    this.scene.fog = new Fog(new Color(colours.far), size * 1.6, size * 4);
    this.lit();
    this.camera.near = size / 1000;
    this.camera.far = size * 50;
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener('change', this.draw);
    this.controls.target.copy(low).add(high).multiplyScalar(0.5);
    const from = new Vector3(0.55, 0.3, 1).normalize().multiplyScalar(size * 1.35);
    this.camera.position.copy(this.controls.target).add(from);
    this.forget = onRestored(this.draw);
    this.dress(true);
    this.show(0);
    this.controls.update();
  }

  private heightOf(frame: number): number {
    const heights = this.motion.pose(frame).filter((_, at) => at % 3 === 1);
    return Math.max(...heights) - Math.min(...heights);
  }

  /** Light from above on the left, and its shadow around the figure. */
  private lit(): void {
    const { light, reach } = this;
    light.castShadow = true;
    light.shadow.mapSize.set(1024, 1024);
    light.shadow.radius = 4;
    light.shadow.bias = -5e-4;
    Object.assign(light.shadow.camera, {
      left: -reach, right: reach, top: reach, bottom: -reach, near: reach / 100, far: reach * 8,
    }); // prettier-ignore
    this.scene.add(new HemisphereLight(0xffffff, 0x6a6f7c, 1.5), light, light.target);
  }

  /** As a body, where there is one, or as bones. */
  dress(body: boolean): void {
    if (this.body) this.body.group.visible = body;
    this.bones.group.visible = !body || !this.body;
    this.show(this.frame);
  }

  /** Show a pose. */
  show(frame: number): void {
    this.frame = frame;
    const places = this.motion.pose(frame);
    const shown = this.body?.group.visible ? this.body : this.bones;
    shown.pose(places);
    const root = new Vector3().fromArray(places, 3 * Math.max(0, this.motion.parents.indexOf(-1)));
    if (this.follow) {
      const moved = root.clone().sub(this.root);
      moved.y = 0;
      this.camera.position.add(moved);
      this.controls.target.add(moved);
    }
    this.root = root;
    this.light.target.position.copy(root);
    this.light.position.copy(root).add(new Vector3(-0.5, 1.6, 1).multiplyScalar(this.reach));
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

  dispose(): void {
    this.forget();
    this.controls.dispose();
    this.light.dispose();
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
