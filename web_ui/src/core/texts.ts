/**
 * What a workflow calls its inputs and outputs in other languages: `texts` of the document, by
 * language and then as the files of texts of packs have it. Whatever is not as it should be there
 * says nothing; the document is only read.
 */

import type { WorkflowDocument } from './document';

export interface PortTexts {
  label?: string | undefined;
  text?: string | undefined;
}

export type Side = 'inputs' | 'outputs';

const part = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The words for an input or output, by `texts` of the document; `zh-CN` is served by `zh` too. */
export const portTexts = (
  texts: unknown,
  language: string,
  side: Side,
  name: string,
): PortTexts => {
  const entry = [language, language.split('-')[0]!]
    .map((one) => part(texts, one))
    .find((one) => one !== undefined);
  const said = part(part(entry, side), name);
  return { label: word(part(said, 'label')), text: word(part(said, 'text')) };
};

/** The texts without the translations of what is now called otherwise. */
export const withoutTexts = (
  document: WorkflowDocument,
  name: string,
  what: readonly ('label' | 'text')[],
): WorkflowDocument => {
  if (typeof document.texts !== 'object' || document.texts === null || !what.length)
    return document;
  let changed = false;
  const texts = Object.fromEntries(
    Object.entries(document.texts).map(([language, entry]) => {
      const inputs = part(entry, 'inputs');
      const said = part(inputs, name);
      if (!what.some((one) => part(said, one) !== undefined)) return [language, entry];
      changed = true;
      const left = Object.fromEntries(
        Object.entries(said as object).filter(([key]) => !what.includes(key as 'label')),
      );
      return [language, { ...(entry as object), inputs: { ...(inputs as object), [name]: left } }];
    }),
  );
  return changed ? { ...document, texts } : document;
};
