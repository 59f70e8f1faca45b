import { describe, expect, it } from 'vitest';
import { makeCatalogue, type NodeFacts } from './catalogue';
import { calledIn, kindsOf, nodeFor, portFor } from './models';

const node = (id: string, inputs: NodeFacts['inputs']): NodeFacts => ({
  id,
  version: '1',
  title: id,
  text: '',
  inputs,
  outputs: {},
});

const source = (models?: string[]) => ({
  type: 'ModelSource',
  required: true,
  schema: models ? { models } : {},
});

const catalogue = makeCatalogue([
  node('p.any', { where: source() }),
  node('p.load', { source: source(['pipeline', 'checkpoint']) }),
  node('p.lora', { model: { type: 'Model' }, lora: source(['lora']) }),
  node('p.loras', {
    loras: { type: 'list[ModelSource]', schema: { items: { models: ['lora'] } } },
  }),
  node('p.with', {
    source: source(['pipeline']),
    vae: { type: 'ModelSource | None', schema: { models: ['vae'] } },
  }),
  node('p.text', { text: { type: 'Text' } }),
]);

const inputs = (id: string) => catalogue.types.get(id)!.inputs;

describe('models and the inputs that take them', () => {
  it('an input says which kinds it takes, also one of a list', () => {
    expect(inputs('p.any').map(kindsOf)).toEqual([null]);
    expect(inputs('p.lora').map(kindsOf)).toEqual([null, ['lora']]);
    expect(inputs('p.loras').map(kindsOf)).toEqual([['lora']]);
  });

  it('only sources take models, and only of their kinds', () => {
    expect(portFor(inputs('p.lora'), 'lora')?.name).toBe('lora');
    expect(portFor(inputs('p.lora'), 'vae')).toBeNull();
    expect(portFor(inputs('p.any'), 'vae')?.name).toBe('where');
    expect(portFor(inputs('p.text'), 'lora')).toBeNull();
    expect(portFor(inputs('p.with'), 'vae')?.name).toBe('vae');
  });

  it('the node that opens a kind is the first that needs one and says so', () => {
    expect(nodeFor(catalogue, 'lora')?.id).toBe('p.lora');
    expect(nodeFor(catalogue, 'checkpoint')?.id).toBe('p.load');
    expect(nodeFor(catalogue, 'vae')).toBeNull();
    expect(nodeFor(makeCatalogue([]), 'vae')).toBeNull();
  });
});

describe('a model is called in a list', () => {
  it('by its file', () => {
    expect(calledIn('loras/ink.safetensors')).toEqual({
      folder: 'loras/',
      name: 'ink.safetensors',
    });
    expect(calledIn('model.safetensors')).toEqual({ folder: '', name: 'model.safetensors' });
    expect(calledIn('starter/scenes')).toEqual({ folder: 'starter/', name: 'scenes' });
  });

  it('by its folder, where all files have the same name', () => {
    expect(calledIn('starter/music/model.safetensors')).toEqual({
      folder: 'starter/',
      name: 'music',
    });
    expect(calledIn('big/pytorch_model.bin')).toEqual({ folder: '', name: 'big' });
  });
});
