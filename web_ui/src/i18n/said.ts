/** What the server says, in the user's language. */

import i18next from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

/** A sentence of the server; by its name and its parts it can be said in another language. */
export interface Said {
  message: string;
  sentence?: string | null;
  parts?: Readonly<Record<string, string>> | null;
}

const inLanguage = ({ message, sentence, parts }: Said, language: string): string => {
  if (language === 'en' || !sentence) return message;
  const key = `sentences:${sentence}`;
  return i18next.exists(key, { lng: language, fallbackLng: [] })
    ? i18next.t(key, { lng: language, replace: { ...parts } })
    : message;
};

/** The sentence in the language of the page; as the server has it, where there is no other. */
export const inWords = (said: Said): string => inLanguage(said, i18next.language);

/** As {@link inWords}, for components: another function in another language. */
export function useWords(): (said: Said) => string {
  const { language } = useTranslation('sentences').i18n;
  return useCallback((said: Said) => inLanguage(said, language), [language]);
}

/** Why something did not work, in words. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? inWords(error) : String(error);
