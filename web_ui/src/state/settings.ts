/** What a user likes: kept in this browser, and applied at once. */

import { create } from 'zustand';
import { preferredLanguage, setLanguage, type Language } from '@/i18n';

export type Theme = 'dark' | 'light' | 'system';

export interface Settings {
  theme: Theme;
  language: Language;
  /** What a drag on the empty canvas does. */
  drag: 'pan' | 'select';
  /** What the wheel does; `auto` tells a trackpad by how it turns. */
  wheel: 'auto' | 'pan' | 'zoom';
  /** Whether a marquee takes what it touches, or only what is wholly in it. */
  marquee: 'touch' | 'whole';
  /** Size of everything but the canvas, in per cent. */
  scale: number;
  links: 'bezier' | 'straight' | 'hidden';
  snap: boolean;
  minimap: boolean;
  follow: boolean;
  favourites: string[];
  recent: string[];
  keys: Record<string, string>;
}

const DEFAULTS: Settings = {
  theme: 'system',
  language: preferredLanguage(),
  drag: 'select',
  wheel: 'auto',
  marquee: 'touch',
  scale: 100,
  links: 'bezier',
  snap: true,
  minimap: false,
  follow: false,
  favourites: [],
  recent: [],
  keys: {},
};

const KEY = 'musegraph.settings';
const LOOK = 'musegraph.look';

const kept = (): Partial<Settings> => {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof found === 'object' && found !== null ? (found as Partial<Settings>) : {};
  } catch {
    return {};
  }
};

export const useSettings = create<Settings>(() => ({ ...DEFAULTS, ...kept() }));

const dark = () => matchMedia('(prefers-color-scheme: dark)');

export const themeShown = (theme: Theme): 'dark' | 'light' =>
  theme === 'system' ? (dark().matches ? 'dark' : 'light') : theme;

const applyLook = ({ theme, language, scale }: Settings): void => {
  const root = document.documentElement;
  const shown = themeShown(theme);
  root.dataset.theme = shown;
  root.style.setProperty('--ui-scale', String(scale / 100));
  localStorage.setItem(LOOK, JSON.stringify({ theme: shown, language }));
};

export function startSettings(): void {
  applyLook(useSettings.getState());
  dark().addEventListener('change', () => applyLook(useSettings.getState()));
  useSettings.subscribe((now, before) => {
    applyLook(now);
    localStorage.setItem(KEY, JSON.stringify(now));
    if (now.language !== before.language) void setLanguage(now.language);
  });
}

export const setSettings = (changes: Partial<Settings>): void => useSettings.setState(changes);

/** Remember that a node type was added, for the order of the search. */
export const noteRecent = (type: string): void =>
  useSettings.setState(({ recent }) => ({
    recent: [type, ...recent.filter((one) => one !== type)].slice(0, 24),
  }));
