import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { ViewerItem } from './open';
import { Thumb } from './Thumb';
import css from './Viewer.module.css';

interface Props {
  items: readonly ViewerItem[];
  at: number;
  onChoose(at: number): void;
}

/** How many are shown to each side of the one that is looked at. */
const AROUND = 60;

/** All items in a row, small. */
export function Filmstrip({ items, at, onChoose }: Props) {
  const { t } = useTranslation('viewers');
  const first = Math.max(0, at - AROUND);
  return (
    <nav className={css.strip} aria-label={t('strip')}>
      {items.slice(first, at + AROUND + 1).map((item, index) => (
        <Small
          key={first + index}
          item={item}
          place={first + index}
          size={64}
          current={first + index === at}
          onChoose={onChoose}
        />
      ))}
    </nav>
  );
}

/** All items side by side. */
export function Grid({ items, at, onChoose }: Props) {
  const { t } = useTranslation('viewers');
  return (
    <nav className={css.grid} aria-label={t('strip')}>
      {items.map((item, place) => (
        <Small
          key={place}
          item={item}
          place={place}
          size={240}
          current={place === at}
          onChoose={onChoose}
          numbered
        />
      ))}
    </nav>
  );
}

interface SmallProps {
  item: ViewerItem;
  place: number;
  size: number;
  current: boolean;
  numbered?: boolean;
  onChoose(at: number): void;
}

function Small({ item, place, size, current, numbered, onChoose }: SmallProps) {
  const { t } = useTranslation('viewers');
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) button.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <button
      ref={button}
      type="button"
      className={css.small}
      aria-label={t('item', { place: place + 1, title: item.title })}
      aria-current={current}
      onClick={() => onChoose(place)}
    >
      <Thumb output={item.output} size={size} />
      {numbered && <span className={css.number}>{place + 1}</span>}
    </button>
  );
}
