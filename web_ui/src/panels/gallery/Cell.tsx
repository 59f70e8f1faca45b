import { Check, File, Film, Image, Music, PersonStanding, Star, Type } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { pictureUrl, shortText } from '@/state/runs/values';
import css from './Gallery.module.css';
import type { Result } from './results';

const ICONS = {
  picture: Image,
  sound: Music,
  video: Film,
  motion: PersonStanding,
  text: Type,
  other: File,
};

interface Props {
  result: Result;
  size: number;
  id: string;
  chosen: boolean;
  starred: boolean;
  focused: boolean;
}

/** One result. What is done with it is heard by the gallery, for all of them. */
export const Cell = memo(function Cell({ result, size, id, chosen, starred, focused }: Props) {
  const { t } = useTranslation('runs');
  const { file, kind } = result;
  const Icon = ICONS[kind];
  const name = result.name || t('untitled');
  const said = [`${name}: ${result.output}`, starred && t('gallery.starred')].filter(Boolean);
  return (
    <div
      id={id}
      className={css.cell}
      style={{ width: size, height: size }}
      role="option"
      aria-selected={chosen}
      aria-label={said.join(', ')}
      title={`${name}: ${result.output}`}
      data-key={result.key}
      data-focused={focused || undefined}
      draggable={file !== null}
    >
      {kind === 'picture' && file ? (
        <img
          src={pictureUrl(file.asset, size)}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
        />
      ) : (
        <span className={css.card}>
          <Icon size={20} strokeWidth={1.5} aria-hidden />
          <span className={css.words}>{file ? file.name : shortText(result.value)}</span>
        </span>
      )}
      {starred && (
        <span className={css.star}>
          <Star size={13} fill="currentColor" aria-hidden />
        </span>
      )}
      {chosen && (
        <span className={css.tick}>
          <Check size={13} strokeWidth={3} aria-hidden />
        </span>
      )}
    </div>
  );
});
