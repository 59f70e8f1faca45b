/** Fetching the node types, in the user's language and again when that changes. */

import { api, ask } from '@/api/client';
import { makeCatalogue, type NodeFacts } from '@/core/catalogue';
import { useSettings } from './settings';
import { setCatalogue, useWorkspace } from './workspace';

/** The catalogues by language: search looks through the titles of all of them. */
const known = new Map<string, Promise<NodeFacts[]>>();

const SHORT = { en: 'en', 'zh-CN': 'zh' } as const;

async function load(language: keyof typeof SHORT) {
  return ask(api.GET('/api/nodes', { params: { query: { language: SHORT[language] } } }));
}

/** The node types in a language, fetched once. */
export const nodesIn = (language: keyof typeof SHORT): Promise<NodeFacts[]> => {
  const found =
    known.get(language) ?? load(language).then((answer) => answer.nodes as unknown as NodeFacts[]);
  known.set(language, found);
  return found;
};

export async function loadCatalogue(): Promise<void> {
  const { language } = useSettings.getState();
  const answer = await load(language);
  known.set(language, Promise.resolve(answer.nodes as unknown as NodeFacts[]));
  if (language === useSettings.getState().language)
    setCatalogue(makeCatalogue(answer.nodes as unknown as NodeFacts[], answer.packs));
}

/** Fetch them anew: a pack of one's own was changed on disk, and its nodes are others now. */
export async function reloadCatalogue(): Promise<void> {
  known.clear();
  await loadCatalogue();
}

export function followLanguage(): void {
  useSettings.subscribe((now, before) => {
    if (now.language !== before.language && useWorkspace.getState().catalogue.types.size)
      void loadCatalogue();
  });
}
