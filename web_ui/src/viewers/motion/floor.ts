/** What a figure stands on: lines at round distances, and the shadow that falls there. */

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  GridHelper,
  Line,
  LineBasicMaterial,
  Mesh,
  PlaneGeometry,
  ShadowMaterial,
  type Vector3,
} from 'three';

/** A grid below all poses, its squares as long as a round number. */
export function gridOf(
  low: Vector3,
  high: Vector3,
  size: number,
  colours: { grid: string; axis: string },
): GridHelper {
  const raw = size / 8;
  const power = 10 ** Math.floor(Math.log10(raw));
  const square = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw) ?? raw;
  const count = 2 * Math.ceil((size * 2.5) / square);
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
  return grid;
}

/** Nothing but the shadow that falls on it. */
export function shadeOf(size: number, height: number): Mesh {
  const plane = new Mesh(
    new PlaneGeometry(size * 8, size * 8).rotateX(-Math.PI / 2),
    new ShadowMaterial({ opacity: 0.32, depthWrite: false }),
  );
  plane.position.y = height;
  plane.receiveShadow = true;
  return plane;
}

/** A path, drawn just above the floor. */
export function pathOf(points: Float32Array, height: number, colour: string): Line {
  const path = new BufferGeometry();
  const low = points.map((value, at) => (at % 3 === 1 ? height : value));
  path.setAttribute('position', new BufferAttribute(low, 3));
  return new Line(path, new LineBasicMaterial({ color: new Color(colour) }));
}
