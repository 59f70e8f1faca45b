/** What the server says, in the user's language. */

import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import { language } from '.';

/** A sentence of the server; by its name and its parts it can be said in another language. */
export interface Said {
  message: string;
  sentence?: string | null;
  parts?: Readonly<Record<string, string>>;
}

/** The sentence in the language of the page; as the server has it, where there is no other. */
export const inWords = ({ message, sentence, parts }: Said): string => {
  const here = language();
  if (here === 'en' || !sentence) return message;
  if (!i18next.exists(`sentences:${sentence}`, { lng: here, fallbackLng: [] })) return message;
  return i18next.t(`sentences:${sentence}`, { lng: here, replace: { ...parts } });
};

/** As {@link inWords}, for components: what it says changes with the language. */
export const useWords = (): ((said: Said) => string) => {
  useTranslation('sentences');
  return inWords;
};
