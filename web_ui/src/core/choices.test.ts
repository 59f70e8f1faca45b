import { expect, it } from 'vitest';
import { linkChoices } from './choices';
import { edgesOf, nodesOf, type WorkflowDocument } from './document';
import { GraphTypes } from './ports';
import { whyNot } from './rules';
import { apply } from './commands';
import { CATALOGUE } from './testing/catalogue';
import { BEGINNING, Hand } from './testing/commands';

it('W5: what may be linked is what the rules allow, no more and no less', () => {
  const hand = new Hand(3);
  let document: WorkflowDocument = BEGINNING;
  for (let step = 0; step < 50; step += 1) {
    const command = hand.next(document);
    if (command) document = apply(document, command);
  }
  const types = new GraphTypes(document, CATALOGUE, '');
  const all = Object.keys(nodesOf(document));
  expect(edgesOf(document).length).toBeGreaterThan(2);
  for (const id of all) {
    const wanted = all.flatMap((other) =>
      other === id
        ? []
        : [[id, other] as const, [other, id] as const].flatMap(([from, to]) =>
            types.portsOf(from).outputs.flatMap((output) =>
              types.portsOf(to).inputs.flatMap((input) => {
                const ends = [
                  { node: from, port: output.name },
                  { node: to, port: input.name },
                ] as const;
                return whyNot(types, ...ends) === null
                  ? [ends.map((one) => `${one.node}.${one.port}`).join('>')]
                  : [];
              }),
            ),
          ),
    );
    const found = linkChoices(types, { node: id }, all);
    const names = found.map(
      (one) => `${one.from.node}.${one.from.port}>${one.to.node}.${one.to.port}`,
    );
    expect(names.toSorted()).toEqual(wanted.toSorted());
    const taken = found.map((one) => one.taken);
    expect(taken).toEqual(taken.toSorted());
  }
});

it('W5: one handle offers only its own links', () => {
  const types = new GraphTypes(BEGINNING, CATALOGUE, '');
  const all = Object.keys(nodesOf(BEGINNING));
  const found = linkChoices(types, { node: 'noise', port: 'used', side: 'source' }, all);
  expect(found.length).toBeGreaterThan(1);
  expect(found.every((one) => one.from.port === 'used')).toBe(true);
  const into = linkChoices(types, { node: 'soft', port: 'image', side: 'target' }, all);
  expect(into).toEqual([]);
});
