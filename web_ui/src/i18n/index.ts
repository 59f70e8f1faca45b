/** Texts in the user's language. One file is one namespace: `t('canvas:addNode')`. */

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { isPseudo, pseudoLanguage } from './pseudo';

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

type Texts = { [key: string]: string | Texts };

// What the server says it says in English: those sentences are only there to be translated.
const english = import.meta.glob<Texts>(['./en/*.json', '!./en/sentences.json'], {
  eager: true,
  import: 'default',
});
const others = import.meta.glob<Texts>('./zh-CN/*.json', { import: 'default' });

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1, -'.json'.length);

export const preferredLanguage = (): Language =>
  navigator.languages.some((one) => one.toLowerCase().startsWith('zh')) ? 'zh-CN' : 'en';

export async function startTexts(language: Language): Promise<void> {
  const en = Object.fromEntries(
    Object.entries(english).map(([path, texts]) => [nameOf(path), texts]),
  );
  if (isPseudo()) i18next.use(pseudoLanguage);
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: [...Object.keys(en), 'sentences'],
    defaultNS: 'shell',
    resources: { en },
    interpolation: { escapeValue: false },
    returnNull: false,
    ...(isPseudo() ? { postProcess: ['pseudo'] } : {}),
  });
  await setLanguage(language);
}

/** Change the language; what is shown follows without a reload. */
export async function setLanguage(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'shell'))
    await Promise.all(
      Object.entries(others).map(async ([path, load]) =>
        i18next.addResourceBundle(language, nameOf(path), await load()),
      ),
    );
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export const language = (): Language => (i18next.language === 'zh-CN' ? 'zh-CN' : 'en');

export const t = i18next.t.bind(i18next);
