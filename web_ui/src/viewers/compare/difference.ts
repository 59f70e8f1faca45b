/** How two pictures differ. */

export interface Difference {
  /** Mean and largest difference of a channel, 0 to 255. */
  mean: number;
  most: number;
  /** Share of pixels that differ at all, 0 to 1. */
  share: number;
}

/** Amplified differences of the colour channels, opaque; both have four channels and one size. */
export function differ(
  a: Uint8ClampedArray,
  b: Uint8ClampedArray,
  gain: number,
  out: Uint8ClampedArray,
): Difference {
  let sum = 0;
  let most = 0;
  let changed = 0;
  for (let at = 0; at < a.length; at += 4) {
    const alpha = Math.abs(a[at + 3]! - b[at + 3]!);
    let largest = alpha;
    for (let channel = at; channel < at + 3; channel++) {
      const apart = Math.abs(a[channel]! - b[channel]!);
      sum += apart;
      if (apart > largest) largest = apart;
      out[channel] = Math.max(apart, alpha) * gain;
    }
    out[at + 3] = 255;
    if (largest) changed += 1;
    if (largest > most) most = largest;
  }
  const pixels = a.length / 4;
  return {
    mean: pixels ? sum / (pixels * 3) : 0,
    most,
    share: pixels ? changed / pixels : 0,
  };
}
