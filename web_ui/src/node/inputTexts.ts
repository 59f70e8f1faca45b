/** What the workflow calls its inputs in the language of the page. */

import { portTexts, type PortTexts } from '@/core/texts';
import { useDocument } from '@/state/context';
import { useSettings } from '@/state/settings';

const NONE: PortTexts = {};

/** The words for a named input of the workflow; none inside of a definition, or without a name. */
export function useInputTexts(name: string | undefined): PortTexts {
  const language = useSettings((settings) => settings.language);
  const texts = useDocument((state) => state.document.texts);
  const inside = useDocument((state) => state.stack.length > 0);
  return name === undefined || inside ? NONE : portTexts(texts, language, 'inputs', name);
}
