/** Changing plain records without changing them: what is the same stays the same object. */

export type Rec<V> = Record<string, V>;

export const put = <V>(record: Rec<V> | undefined, key: string, value: NoInfer<V>): Rec<V> =>
  record !== undefined && Object.hasOwn(record, key) && record[key] === value
    ? record
    : { ...record, [key]: value };

export const drop = <V>(record: Rec<V>, ...keys: string[]): Rec<V> => {
  if (!keys.some((key) => Object.hasOwn(record, key))) return record;
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(record).filter(([key]) => !gone.has(key)));
};

/** The record with another key in the place of one. */
export const rekey = <V>(record: Rec<V>, from: string, to: string): Rec<V> =>
  Object.hasOwn(record, from)
    ? Object.fromEntries(
        Object.entries(record).map(([key, value]) => [key === from ? to : key, value]),
      )
    : record;

/** Each value changed; the same record if no value changed. `undefined` takes the entry away. */
export const mapValues = <V>(
  record: Rec<V>,
  change: (value: V, key: string) => V | undefined,
): Rec<V> => {
  let changed = false;
  const made: [string, V][] = [];
  for (const [key, value] of Object.entries(record)) {
    const next = change(value, key);
    changed ||= next !== value;
    if (next !== undefined) made.push([key, next]);
  }
  return changed ? Object.fromEntries(made) : record;
};

/** An object with a member set, or without it if it is set to `undefined` or an empty record. */
export const assign = <T extends object, K extends keyof T>(
  object: T,
  key: K,
  value: T[K] | undefined,
): T => {
  const empty =
    value === undefined ||
    (typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).length === 0);
  if (empty) {
    if (!Object.hasOwn(object, key)) return object;
    const { [key]: _gone, ...rest } = object;
    return rest as T;
  }
  return object[key] === value ? object : { ...object, [key]: value };
};

/** The members of a patch put in; those that are `null` taken away. */
export const patch = <T extends object>(
  object: T,
  changes: { [K in keyof T]?: T[K] | null },
): T => {
  let made = object;
  for (const key of Object.keys(changes) as (keyof T)[])
    made = assign(made, key, (changes[key] ?? undefined) as T[keyof T] | undefined);
  return made;
};
