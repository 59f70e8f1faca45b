import { makeCatalogue, type NodeFacts, type PortFacts } from '../catalogue';

const facts = (
  id: string,
  inputs: Record<string, string | PortFacts>,
  outputs: Record<string, string>,
): NodeFacts => ({
  id,
  version: '1',
  title: id,
  text: '',
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([name, one]) => [
      name,
      typeof one === 'string' ? { type: one } : one,
    ]),
  ),
  outputs: Object.fromEntries(Object.entries(outputs).map(([name, type]) => [name, { type }])),
});

/** A few node types with every kind of port: plain, lists, variables, optional, fields of all heights. */
export const CATALOGUE = makeCatalogue([
  facts('t.load', { file: { type: 'Image', required: true } }, { out: 'Image' }),
  facts(
    't.text',
    { text: { type: 'Text', schema: { multiline: true }, default: '' } },
    { out: 'Text' },
  ),
  facts(
    't.blur',
    {
      image: { type: 'Image', required: true },
      radius: { type: 'Number', default: 2 },
      mask: 'Mask | None',
    },
    { out: 'Image' },
  ),
  facts(
    't.rare',
    {
      image: { type: 'Image', required: true },
      start: { type: 'Number', default: 0, schema: { advanced: true } },
      strength: { type: 'Number', default: 1 },
      noise: { type: 'Latent | None', default: null, schema: { advanced: true } },
      words: { type: 'Text', default: '', schema: { advanced: true, multiline: true } },
    },
    { out: 'Image', used: 'Seed' },
  ),
  facts('t.split', { image: { type: 'Image', required: true } }, { color: 'Image', alpha: 'Mask' }),
  facts(
    't.grid',
    { images: { type: 'list[Image]', required: true }, columns: { type: 'Integer', default: 2 } },
    { out: 'Image' },
  ),
  facts('t.noise', { seed: { type: 'Seed', default: 0 } }, { out: 'Image', used: 'Seed' }),
  facts('t.many', { count: { type: 'Integer', default: 3 } }, { out: 'list[Image]' }),
  facts(
    't.choose',
    { which: { type: 'Boolean', default: true }, yes: '$T', no: '$T' },
    { out: '$T' },
  ),
  facts('t.collect', { items: 'list[$T]' }, { out: 'list[$T]' }),
  facts(
    't.save',
    { image: 'Image', facts: 'Json | None', names: 'list[Text]' },
    { done: 'Boolean' },
  ),
]);
