/**
 * A language that nobody speaks: English with accents and longer by two fifths, in which a text
 * that is cut off, or that was never translated, can be seen. For tests and for whoever changes
 * the canvas: `localStorage.setItem('musegraph.pseudo', '1')`, and reload.
 */

import type { PostProcessorModule } from 'i18next';

const PLAIN = 'aceinosuyzACEINOSUYZ';
const ACCENTED = 'áçéíñöšüýžÁÇÉÍÑÖŠÜÝŽ';

const accented = (text: string): string =>
  text.replace(/[a-zA-Z]/g, (letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter);

/** The text with accents; words of what it is lengthened by can break where those of a text can. */
export const pseudo = (text: string): string => {
  const more = Math.ceil(text.length * 0.4);
  return `${accented(text)} ${'ẋẋẋẋẋ '.repeat(Math.ceil(more / 6)).slice(0, Math.max(0, more - 1))}`.trim();
};

export const pseudoLanguage: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: pseudo,
};

export const isPseudo = (): boolean => {
  try {
    return localStorage.getItem('musegraph.pseudo') === '1';
  } catch {
    return false;
  }
};
