/** Which joint is the left knee, by the names that programs give: SMPL, Mixamo, CMU and the like. */

/** Words in the names of joints, by what they are; the first that is there counts. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  pelvis: ['pelvis', 'hips', 'root', 'hip'],
  neck: ['neck', 'neck1', 'neck01'],
  head: ['head'],
  hip: ['hip', 'upleg', 'thigh', 'upperleg'],
  knee: ['knee', 'leg', 'shin', 'calf', 'lowerleg'],
  ankle: ['ankle', 'foot'],
  foot: ['toebase', 'toe', 'ball', 'toes', 'foot'],
  shoulder: ['arm', 'upperarm', 'uparm', 'shoulder'],
  elbow: ['elbow', 'forearm', 'lowerarm', 'lowarm'],
  wrist: ['wrist', 'hand'],
  hand: ['palm', 'hand'],
};

const MIDDLE = ['pelvis', 'neck', 'head'] as const;
const PAIRED = ['hip', 'knee', 'ankle', 'foot', 'shoulder', 'elbow', 'wrist', 'hand'] as const;

/** Its side, and the rest in small letters: `mixamorig:LeftUpLeg` is left, upleg. */
function split(name: string): [side: string, rest: string] {
  const bare = name
    .slice(name.lastIndexOf(':') + 1)
    .replace(/([a-z])(?=[A-Z])/g, '$1_')
    .toLowerCase();
  const words = bare.split(/[^a-z0-9]+/).filter(Boolean);
  for (const side of ['left', 'right'])
    if (words.includes(side) || words.includes(side[0]!))
      return [side, words.filter((word) => word !== side && word !== side[0]).join('')];
    else if (bare.startsWith(side)) return [side, bare.slice(side.length)];
  return ['', words.join('')];
}

/** The joints of a body by name, such as `left_knee`; what is not found is left out. */
export function partsOf(names: readonly string[]): Map<string, number> {
  // Loaders make up names for what ends a chain, some of them after the joint that it ends.
  const told = names.map((name) => (/end$|endsite/i.test(name) ? ['', ''] : split(name)));
  const found = new Map<string, number>();
  const taken = new Set<number>();
  const find = (role: string, side: string): void => {
    for (const word of WORDS[role]!) {
      const at = told.findIndex(
        ([own, rest], index) => own === side && rest === word && !taken.has(index),
      );
      if (at < 0) continue;
      found.set(side ? `${side}_${role}` : role, at);
      taken.add(at);
      return;
    }
  };
  for (const role of MIDDLE) find(role, '');
  for (const side of ['left', 'right']) for (const role of PAIRED) find(role, side);
  return found;
}

const NEEDED = ['hip', 'knee', 'ankle', 'shoulder', 'elbow', 'wrist'];

/** Whether these are the joints of a body. */
export const isBody = (names: readonly string[]): boolean => {
  const found = partsOf(names);
  const sides = ['left', 'right'].flatMap((side) => NEEDED.map((one) => `${side}_${one}`));
  return ['pelvis', 'neck', 'head', ...sides].every((one) => found.has(one));
};
