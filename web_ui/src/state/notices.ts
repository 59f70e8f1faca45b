/** Short messages at the edge of the page. */

import { create } from 'zustand';
import type { Said } from '@/i18n/said';

export interface Notice {
  id: number;
  kind: 'info' | 'success' | 'warning' | 'error';
  /** Key of the texts, with its namespace: `rules:rules.cycle`. */
  key: string;
  args?: Readonly<Record<string, string | number>>;
  /** A sentence of the server, in place of a key. */
  said?: Said;
  /** What can be done about it. */
  action?: { key: string; run(): void };
}

export const useNotices = create<{ notices: readonly Notice[] }>(() => ({ notices: [] }));

let count = 0;

/** Say something; it goes by itself, errors only when they are dismissed. */
export function say(notice: Omit<Notice, 'id'>): void {
  count += 1;
  const id = count;
  const { notices } = useNotices.getState();
  useNotices.setState({ notices: [...notices.slice(-3), { ...notice, id }] });
  if (notice.kind !== 'error') setTimeout(() => dismiss(id), notice.action ? 8000 : 5000);
}

export const dismiss = (id: number): void =>
  useNotices.setState(({ notices }) => ({ notices: notices.filter((one) => one.id !== id) }));
