/** A workflow as a file on the user's disk. */

import { pretty } from '@/core/canonical';
import type { Json } from '@/core/document';
import { named } from '@/core/named';
import type { DocumentStore } from '@/state/document';
import { fileName, nameOf } from '@/state/files/title';

export const saveBlob = (blob: Blob, name: string): void => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

/** The very text that the engine writes for this document. */
export const downloadWorkflow = (store: DocumentStore): void => {
  const { document, catalogue } = store.getState();
  const text = pretty(named(document, catalogue) as unknown as Record<string, Json>);
  const name = fileName(nameOf(store.getState()));
  saveBlob(new Blob([text], { type: 'application/json' }), `${name}.json`);
};
