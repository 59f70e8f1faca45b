/** What the workflow calls its inputs and outputs in the language of the page. */

import { portTexts, type PortTexts, type Side } from '@/core/texts';
import { useDocument } from '@/state/context';
import { useSettings } from '@/state/settings';

const NONE: PortTexts = {};

/** The words for a named input of the workflow; none inside of a definition, or without a name. */
export const useInputTexts = (name: string | undefined): PortTexts => useTexts('inputs', name);

/** The words for a result of the workflow. */
export const useOutputTexts = (name: string | undefined): PortTexts => useTexts('outputs', name);

function useTexts(side: Side, name: string | undefined): PortTexts {
  const language = useSettings((settings) => settings.language);
  const texts = useDocument((state) => state.document.texts);
  const inside = useDocument((state) => state.stack.length > 0);
  return name === undefined || inside ? NONE : portTexts(texts, language, side, name);
}
