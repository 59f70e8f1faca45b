/** The one WebGL renderer of the page: browsers drop the oldest of more than a few. */

import { WebGLRenderer, type Camera, type Scene } from 'three';

let renderer: WebGLRenderer | null = null;
let lost = false;
const restored = new Set<() => void>();

/** Whether there is WebGL at all; asked before three is, which would log an error. */
export function hasWebgl(): boolean {
  if (renderer) return true;
  try {
    return document.createElement('canvas').getContext('webgl2') !== null;
  } catch {
    return false;
  }
}

function shared(): WebGLRenderer {
  if (renderer) return renderer;
  renderer = new WebGLRenderer({ antialias: true, alpha: true });
  renderer.shadowMap.enabled = true;
  const canvas = renderer.domElement;
  canvas.addEventListener('webglcontextlost', (event) => {
    event.preventDefault();
    lost = true;
  });
  canvas.addEventListener('webglcontextrestored', () => {
    lost = false;
    for (const again of [...restored]) again();
  });
  return renderer;
}

/** Draw a scene into a canvas of its own; while the context is lost it keeps its picture. */
export function render(scene: Scene, camera: Camera, canvas: HTMLCanvasElement): void {
  const { width, height } = canvas;
  const shown = shared();
  if (lost || !width || !height) return;
  shown.setPixelRatio(1);
  const now = shown.domElement;
  if (now.width !== width || now.height !== height) shown.setSize(width, height, false);
  shown.render(scene, camera);
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, width, height);
  context.drawImage(now, 0, 0);
}

/** Be told when a lost context is back. */
export function onRestored(again: () => void): () => void {
  restored.add(again);
  return () => void restored.delete(again);
}
