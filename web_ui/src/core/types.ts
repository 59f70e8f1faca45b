/**
 * What a port carries, and whether one port's value may be given to another: the rules of
 * `engine/musegraph/values/types.py`, held to it by `tests/contract/fits.json` and `types.json`.
 */

const SCALARS = [
  ...['Text', 'Integer', 'Number', 'Boolean', 'Seed', 'Choice', 'Json', 'ModelSource'],
  ...['Sigmas', 'Guider', 'Noise'],
];
const REFERENCES = ['Model', 'TextEncoder', 'Vae', 'ControlNet', 'Vision'];
const JSON_NAMES = new Set([...SCALARS, ...REFERENCES]);

/** A port's type: a name, or a list of another type; perhaps optional; a menu's choices. */
export interface Type {
  readonly name: string;
  /** What a list holds; `null` for everything else. */
  readonly item: Type | null;
  readonly optional: boolean;
  readonly choices: readonly string[];
  /** The text form. Two types are equal if their texts are. */
  readonly text: string;
}

/** A sentence that is still to be said in the user's language: a key of `i18n` and what stands in it. */
export interface Reason {
  readonly key: FitReason;
  readonly args: {
    readonly source: string;
    readonly target: string;
    /** The node type that converts the one into the other, if there is one. */
    readonly remedy?: string;
    /** A second node that has to come after `remedy`. */
    readonly then?: string;
  };
}

/**
 * Why a link is refused. `remedy`: one node between them helps; `remedies`: two in a row do;
 * `nested`: a list of lists does not map by itself; `optional`: the source may be None;
 * `choice`: only one of the listed words may stand there.
 */
export type FitReason =
  'fits.no' | 'fits.remedy' | 'fits.remedies' | 'fits.nested' | 'fits.optional' | 'fits.choice';

/** How a source may be joined to a target; when it may not, `why` says so. */
export type Fit =
  | { readonly how: 'direct' | 'wrap' | 'map'; readonly why?: undefined }
  | { readonly how: 'no'; readonly why: Reason };

const DIRECT: Fit = { how: 'direct' };
const WRAP: Fit = { how: 'wrap' };
const MAP: Fit = { how: 'map' };

/** A text that stands for no type. The message is for developers: types come from the server. */
export class NoType extends Error {
  constructor(text: string, why = '') {
    super(`${JSON.stringify(text.slice(0, 200))} is no type${why && `: ${why}`}`);
    this.name = 'NoType';
  }
}

export const isList = (type: Type): boolean => type.item !== null;

export const isVariable = (type: Type): boolean => type.name.startsWith('$');

/** Whether values of this type are JSON, told from the name alone. */
export function isJson(type: Type): boolean {
  return type.item === null ? JSON_NAMES.has(type.name) : isJson(type.item);
}

function made(
  name: string,
  item: Type | null = null,
  optional = false,
  choices: readonly string[] = [],
): Type {
  let text = name;
  if (item !== null) text = `list[${item.text}]`;
  else if (choices.length) text = `Choice[${choices.map((c) => JSON.stringify(c)).join(',')}]`;
  return { name, item, optional, choices, text: optional ? `${text} | None` : text };
}

export const listOf = (item: Type): Type => made('list', item);

function withOptional(type: Type, optional: boolean): Type {
  return type.optional === optional ? type : made(type.name, type.item, optional, type.choices);
}

/** The type without None. */
export const required = (type: Type): Type => withOptional(type, false);

export const printType = (type: Type): string => type.text;

export const JSON_TYPE: Type = made('Json');

// -- fitting -------------------------------------------------------------------------------------

const WIDER = new Set([
  'Integer Number',
  'Seed Integer',
  'Seed Number',
  'Integer Seed',
  'Choice Text',
  'ModelSource Text',
  'Text ModelSource',
]);

/** Which node makes the second type of the first, and which has to come after it. */
const REMEDIES: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ['Image Mask', ['image.to_mask']],
  ['Mask Image', ['image.from_mask']],
  ['Image Latent', ['diffusion.encode']],
  ['Latent Image', ['diffusion.decode']],
  ['Text Conditioning', ['diffusion.encode_text']],
  ['Number Integer', ['core.round']],
  ['Number Text', ['core.to_text']],
  ['Integer Text', ['core.to_text']],
  ['Text Number', ['core.to_number']],
  ['Text Integer', ['core.to_number', 'core.round']],
  ['Json Text', ['core.json_text']],
  ['Json Number', ['core.json_number']],
  ['Boolean Text', ['core.json_text']],
  ['File Image', ['image.open']],
  ['Image File', ['image.save']],
]);

/**
 * Whether, and how, a value of `source` is given to a port of `target`.
 * `direct`: as it is. `wrap`: as a list of one. `map`: the node is called once per item.
 */
export function fits(source: Type, target: Type): Fit {
  if (source.text === target.text || fitsDirect(source, target)) return DIRECT;
  if (target.item !== null && fitsDirect(source, target.item)) return WRAP;
  if (source.item !== null && !source.optional) {
    if (fits(source.item, target).how === 'direct') return MAP;
    if (isList(source.item)) return no('fits.nested', source, target, 'core.flatten');
  }
  if (source.optional && fits(required(source), target).how !== 'no') {
    return no('fits.optional', source, target, 'core.first');
  }
  if (source.name === 'Text' && target.name === 'Choice') return no('fits.choice', source, target);
  const [remedy, then] = REMEDIES.get(`${source.name} ${target.name}`) ?? [];
  const key = then ? 'fits.remedies' : remedy ? 'fits.remedy' : 'fits.no';
  return no(key, source, target, remedy, then);
}

function no(key: FitReason, source: Type, target: Type, remedy?: string, then?: string): Fit {
  const sides = { source: source.text, target: target.text };
  const args = { ...sides, ...(remedy && { remedy }), ...(then && { then }) };
  return { how: 'no', why: { key, args } };
}

function fitsDirect(source: Type, target: Type): boolean {
  if (source.optional && !target.optional && target.name !== 'Json') return false;
  if (isVariable(target)) return true;
  if (target.name === 'Json' && !isList(target)) return isJson(source);
  if (source.item !== null || target.item !== null) {
    if (source.item === null || target.item === null) return false;
    return isVariable(target.item) || fitsDirect(source.item, target.item);
  }
  if (source.name === 'Choice' && target.name === 'Choice') {
    return source.choices.every((choice) => target.choices.includes(choice));
  }
  return source.name === target.name || WIDER.has(`${source.name} ${target.name}`);
}

// -- variables -----------------------------------------------------------------------------------

export type Bindings = Map<string, Type>;

/**
 * Bind the type variables of `target` so that it takes `source` whole; false if it cannot.
 *
 * A variable that is already bound stays bound if the new source fits it directly, and widens to
 * the new source if the old one fits that.
 */
export function unify(source: Type, target: Type, bindings: Bindings): boolean {
  if (target.item !== null) return unify(source.item ?? source, target.item, bindings);
  if (!isVariable(target)) return true;
  const given = target.optional ? required(source) : source;
  const known = bindings.get(target.name);
  if (known === undefined || fitsDirect(known, given)) {
    bindings.set(target.name, given);
    return true;
  }
  return fitsDirect(given, known);
}

/** The type with its variables replaced; an unbound variable is Json. */
export function substitute(type: Type, bindings: ReadonlyMap<string, Type>): Type {
  if (type.item !== null) return made('list', substitute(type.item, bindings), type.optional);
  if (!isVariable(type)) return type;
  const bound = bindings.get(type.name) ?? JSON_TYPE;
  return withOptional(bound, bound.optional || type.optional);
}

// -- reading -------------------------------------------------------------------------------------

export const MAX_TEXT = 10_000;
const MAX_KNOWN = 5_000;
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|\$?[A-Za-z_][A-Za-z0-9_.]*|[[\],|])/y;

const known = new Map<string, Type>();

/** The type that a text form stands for; throws {@link NoType} if it is none. */
export function parseType(text: string): Type {
  const found = known.get(text);
  if (found) return found;
  const type = new Reader(text).whole();
  // A catalogue has some hundred; whoever sends more than this gets no memory for it.
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, type);
  return type;
}

class Reader {
  private readonly text: string;
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(text: string) {
    this.text = text;
    if (text.length > MAX_TEXT) throw new NoType(text, 'a type is not as long as this');
    const end = text.trimEnd().length;
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < end;) {
      const match = TOKEN.exec(text);
      if (!match) throw new NoType(text);
      this.tokens.push(match[1]!);
    }
  }

  whole(): Type {
    const type = this.type();
    if (this.next !== undefined) throw new NoType(this.text, `${this.next} is left over`);
    return type;
  }

  private get next(): string | undefined {
    return this.tokens[this.at];
  }

  private take(token: string): boolean {
    if (this.next !== token) return false;
    this.at += 1;
    return true;
  }

  private type(): Type {
    const name = this.next;
    if (name === undefined || name === 'None' || /^["[\],|]/.test(name)) {
      throw new NoType(this.text);
    }
    this.at += 1;
    const type = this.bracketed(name);
    if (!this.take('|')) return type;
    if (!this.take('None')) throw new NoType(this.text, 'only None may stand after |');
    return withOptional(type, true);
  }

  private bracketed(name: string): Type {
    if (name !== 'list' && name !== 'Choice') {
      if (this.next === '[') throw new NoType(this.text, `${name} has no [ ]`);
      return made(name);
    }
    if (!this.take('[')) throw new NoType(this.text, `${name} says of what in [ ]`);
    const type = name === 'list' ? listOf(this.type()) : made(name, null, false, this.choices());
    if (!this.take(']')) throw new NoType(this.text, 'a ] is missing');
    return type;
  }

  private choices(): string[] {
    const choices: string[] = [];
    do {
      const token = this.next;
      if (!token?.startsWith('"')) throw new NoType(this.text, 'choices are texts in quotes');
      this.at += 1;
      try {
        choices.push(JSON.parse(token) as string);
      } catch {
        throw new NoType(this.text, 'a choice is no JSON text');
      }
    } while (this.take(','));
    if (new Set(choices).size < choices.length) {
      throw new NoType(this.text, 'a choice stands in it twice');
    }
    return choices;
  }
}
