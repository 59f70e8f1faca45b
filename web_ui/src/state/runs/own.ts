/** Submissions on their way: a run that turns up meanwhile may be one of them. */

let pending = 0;
let waiting: (() => void)[] = [];

/** A submission is on its way, until what is given back is called. */
export const submitting = (): (() => void) => {
  pending += 1;
  return () => {
    pending -= 1;
    if (pending) return;
    for (const resolve of waiting.splice(0)) resolve();
  };
};

/** Once no submission is on its way. */
export const submitted = (): Promise<void> =>
  pending ? new Promise((resolve) => (waiting = [...waiting, resolve])) : Promise.resolve();
