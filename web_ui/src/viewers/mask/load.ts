/** The pictures that a mask is painted over, and the mask as it was saved. */

import { assetUrl } from '@/api/client';
import type { MaskWish } from '../open';
import type { Size } from '../picture/view';
import { greyOf } from './png';
import { newMask, type Mask } from './tiles';

/** A larger picture gets a mask of this size; nodes scale masks to the picture. */
const MOST_SIDE = 8192;
const EMPTY: Size = { width: 1024, height: 1024 };

async function pictureOf(asset: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.decoding = 'async';
  image.src = assetUrl(asset);
  await image.decode();
  return image;
}

/** An empty mask as large as the picture, or the one that was saved. */
export async function loadMask(wish: MaskWish): Promise<Mask> {
  const image = wish.image ? await pictureOf(wish.image.asset) : null;
  const saved = wish.value ? await pictureOf(wish.value.asset) : null;
  const like: Size = image
    ? { width: image.naturalWidth, height: image.naturalHeight }
    : saved
      ? { width: saved.naturalWidth, height: saved.naturalHeight }
      : { width: wish.width ?? EMPTY.width, height: wish.height ?? EMPTY.height };
  const scale = Math.min(1, MOST_SIDE / Math.max(like.width, like.height));
  const mask = newMask(
    Math.max(1, Math.round(like.width * scale)),
    Math.max(1, Math.round(like.height * scale)),
  );
  if (saved) {
    const canvas = new OffscreenCanvas(mask.width, mask.height);
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.drawImage(saved, 0, 0, mask.width, mask.height);
    mask.data.set(greyOf(context.getImageData(0, 0, mask.width, mask.height).data));
  }
  return mask;
}
