/** Where the overview learns how nodes are; who knows of runs sets it. */

import { create } from 'zustand';
import type { Mark } from './draw';

export const useMarks = create<{ marks: (item: string) => Mark | undefined }>(() => ({
  marks: () => undefined,
}));
