/** A skeleton without WebGL: seen from a side, without perspective. */

import type { Box, Motion } from './joints';

export interface Flat {
  /** Turn about the upright axis, in radians. */
  yaw: number;
  zoom: number;
}

/** Where a point is drawn, in pixels; y goes down. */
export function project(
  [x, y, z]: readonly [number, number, number],
  box: Box,
  { yaw, zoom }: Flat,
  width: number,
  height: number,
): [number, number] {
  const [cx, cy, cz] = [0, 1, 2].map((axis) => (box.min[axis]! + box.max[axis]!) / 2) as [
    number,
    number,
    number,
  ];
  const wide = Math.hypot(box.max[0] - box.min[0], box.max[2] - box.min[2]) || 1;
  const tall = box.max[1] - box.min[1] || 1;
  const scale = Math.min((width * 0.8) / wide, (height * 0.8) / tall) * zoom;
  const across = (x - cx) * Math.cos(yaw) - (z - cz) * Math.sin(yaw);
  return [width / 2 + across * scale, height / 2 - (y - cy) * scale];
}

export interface Look {
  bone: string;
  joint: string;
  line: string;
}

export function drawFlat(
  context: CanvasRenderingContext2D,
  motion: Motion,
  frame: number,
  box: Box,
  flat: Flat,
  look: Look,
): void {
  const { width, height } = context.canvas;
  const places = motion.pose(frame);
  const at = (joint: number): [number, number] =>
    project(
      [places[joint * 3]!, places[joint * 3 + 1]!, places[joint * 3 + 2]!],
      box,
      flat,
      width,
      height,
    );
  context.clearRect(0, 0, width, height);
  const [, floor] = project([0, box.min[1], 0], box, flat, width, height);
  line(context, [0, floor], [width, floor], look.line, 1);
  motion.parents.forEach((parent, joint) => {
    if (parent >= 0) line(context, at(parent), at(joint), look.bone, 4 * devicePixelRatio);
  });
  context.fillStyle = look.joint;
  motion.parents.forEach((_, joint) => {
    context.beginPath();
    context.arc(...at(joint), 3 * devicePixelRatio, 0, 2 * Math.PI);
    context.fill();
  });
}

function line(
  context: CanvasRenderingContext2D,
  from: readonly [number, number],
  to: readonly [number, number],
  colour: string,
  width: number,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = 'round';
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
