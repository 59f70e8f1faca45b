/** How long a picture of a film stands, from the times at which some were shown. */

const USUAL = [12, 15, 16, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 120];

/** Seconds; null as long as nothing is known. Some pictures may have been left out between. */
export function frameLength(times: readonly number[]): number | null {
  const apart = times
    .slice(1)
    .map((time, at) => time - times[at]!)
    .filter((one) => one > 1 / 250 && one < 0.5)
    .sort((a, b) => a - b);
  if (apart.length < 3) return null;
  const least = apart[Math.floor(apart.length / 4)]!;
  const rate = 1 / least;
  const near = USUAL.reduce((best, one) =>
    Math.abs(one - rate) < Math.abs(best - rate) ? one : best,
  );
  return Math.abs(near - rate) / rate < 0.03 ? 1 / near : least;
}
