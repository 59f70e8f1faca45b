/** X5: what is read can be read, and the colours of types can be told apart, in both themes. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, distance, lab, SIGHTS, type Triple } from './testing';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

/** The colours of a theme by the names of their tokens: those of the light one stand over the dark. */
const themes: Record<string, Record<string, string>> = { dark: {}, light: {} };
for (const [, selector, body] of css.matchAll(/(:root[^{]*)\{([^}]*)\}/g))
  for (const [, name, value] of body!.matchAll(/--([\w-]+):\s*(#[\da-f]{6})\s*;/g)) {
    if (!selector!.includes('light')) themes['dark']![name!] = value!;
    themes['light']![name!] = value!;
  }

describe('the colour mathematics', () => {
  // Sharma, Wu and Dalal 2005, table 1.
  it.each([
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1.0],
    [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
    [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ])('CIEDE2000 of %j and %j is %d', (one, two, wanted) => {
    expect(distance(one as unknown as Triple, two as unknown as Triple)).toBeCloseTo(
      wanted as number,
      4,
    );
  });

  it('finds the contrasts of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 3);
  });

  it('sees greys as greys whatever cones there are', () => {
    for (const sight of Object.keys(SIGHTS) as (keyof typeof SIGHTS)[]) {
      const [, a, b] = lab('#808080', sight);
      expect(Math.hypot(a, b)).toBeLessThan(0.5);
    }
  });
});

describe.each(Object.entries(themes))('the %s theme', (_name, token) => {
  const surfaces = ['canvas', 'panel', 'node', 'node-head', 'field', 'hover'];
  const texts = ['text', 'text-2', 'text-3', 'err', 'warn', 'ok', 'run', 'accent'];
  const pairs = texts.flatMap((text) => surfaces.map((surface) => [text, surface] as const));

  it('has its tokens', () => expect(Object.keys(token).length).toBeGreaterThanOrEqual(40));

  it.each(pairs)('text in --%s can be read on --%s (4.5)', (text, surface) => {
    expect(contrast(token[text]!, token[surface]!)).toBeGreaterThanOrEqual(4.5);
  });

  it('text on the accent can be read (4.5)', () => {
    expect(contrast(token['on-accent']!, token['accent']!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['canvas', 'panel', 'node', 'field'])(
    'borders that mean something are seen on --%s (3)',
    (surface) => {
      expect(contrast(token['line-strong']!, token[surface]!)).toBeGreaterThanOrEqual(3);
    },
  );

  const named = (prefix: string) => Object.keys(token).filter((name) => name.startsWith(prefix));
  it.each([...named('family-'), ...named('tint-')])(
    '--%s is seen on nodes and on the canvas (3)',
    (name) => {
      expect(contrast(token[name]!, token['node']!)).toBeGreaterThanOrEqual(3);
      expect(contrast(token[name]!, token['canvas']!)).toBeGreaterThanOrEqual(3);
    },
  );

  // "any" is an outline without a filling, so its colour has to tell it from no other.
  const families = named('family-').filter((name) => name !== 'family-any');
  it.each([
    ['normal', 9],
    ['protan', 9],
    ['deutan', 9],
    ['tritan', 7.5],
  ] as const)('types look different to %s sight (CIEDE2000 of at least %d)', (sight, least) => {
    const alike = families.flatMap((one, at) =>
      families.slice(at + 1).flatMap((two) => {
        const apart = distance(lab(token[one]!, sight), lab(token[two]!, sight));
        return apart < least ? [`${one} ${two} ${apart.toFixed(1)}`] : [];
      }),
    );
    expect(alike).toEqual([]);
    expect(families).toHaveLength(12);
  });
});
