/** What lies in the library of the server, as it was last told. */

import { create } from 'zustand';
import { ApiError } from '@/api/client';
import { listTemplates, listWorkflows, type Saved, type Template } from '@/api/workflows';
import { reasonOf } from '@/i18n/said';
import { say } from '@/state/notices';
import { useSettings } from '@/state/settings';

interface LibraryState {
  /** Null until they are known. */
  workflows: readonly Saved[] | null;
  bin: readonly Saved[] | null;
  templates: readonly Template[] | null;
}

export const useLibrary = create<LibraryState>(() => ({
  workflows: null,
  bin: null,
  templates: null,
}));

/** Say that something about a file did not work, and why. */
export function report(key: string, error: unknown, args: Record<string, string> = {}): void {
  const reason = reasonOf(error);
  const offline = error instanceof ApiError && error.code === 'offline';
  say({
    kind: 'error',
    key: offline ? 'files:failed.offline' : `files:failed.${key}`,
    args: { ...args, reason },
  });
}

export async function refreshLibrary(): Promise<void> {
  const workflows = await listWorkflows();
  useLibrary.setState({ workflows });
}

export async function refreshBin(): Promise<void> {
  useLibrary.setState({ bin: await listWorkflows(true) });
}

const SHORT = { en: 'en', 'zh-CN': 'zh' } as const;
let templatesIn: string | null = null;

/** The examples, in the user's language. */
export async function loadTemplates(): Promise<void> {
  const { language } = useSettings.getState();
  if (templatesIn === language) return;
  templatesIn = language;
  try {
    const templates = await listTemplates(SHORT[language]);
    if (templatesIn === language) useLibrary.setState({ templates });
  } catch (error) {
    templatesIn = null;
    throw error;
  }
}
