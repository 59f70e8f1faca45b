/** How many runs one press of the button is. */

import { create } from 'zustand';

export const MOST = 100;

export const useBatch = create<{ count: number }>(() => ({ count: 1 }));

export const batchCount = (): number => useBatch.getState().count;

export const setBatchCount = (count: number): void =>
  useBatch.setState({ count: Math.min(MOST, Math.max(1, Math.round(count) || 1)) });
