import { ChevronDown, ChevronUp, Copy } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '../copying';
import { useKeys } from '../keys';
import { Bar, Gap, IconButton, WordButton } from '../parts';
import { blocksOf, findAll, piecesOf } from './search';
import css from './text.module.css';

interface Props {
  text: string;
  title: string;
  mono?: boolean;
  /** Whether the file goes on. */
  cut?: boolean;
}

/** What a user likes, until the page is left. */
let liked: boolean | null = null;

/** A text, as text: nothing in it is taken for anything else. */
export function TextView({ text, title, mono = false, cut = false }: Props) {
  const { t, i18n } = useTranslation('viewers');
  const [fixed, setFixed] = useState(liked ?? mono);
  const [query, setQuery] = useState('');
  const [place, setPlace] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const blocks = useMemo(() => blocksOf(text), [text]);
  const found = useMemo(() => findAll(text, query), [text, query]);
  const here = found.length ? place % found.length : 0;
  useEffect(() => {
    if (query)
      scroll.current?.querySelector('mark[data-here]')?.scrollIntoView({ block: 'center' });
  }, [query, here]);
  const toggle = (): void => {
    liked = !fixed;
    setFixed(!fixed);
  };
  const step = (by: number): void => {
    if (found.length) setPlace((here + by + found.length) % found.length);
  };
  useKeys((event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === 'KeyF') field.current?.focus();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.code === 'KeyM') toggle();
    else if (event.key === '/') field.current?.focus();
    else return false;
    return true;
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && query) setQuery('');
    else if (event.key === 'Escape') scroll.current?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const count = new Intl.NumberFormat(i18n.language);
  return (
    <div className={css.viewer}>
      <div
        ref={scroll}
        className={css.scroll}
        tabIndex={0}
        role="group"
        aria-label={title}
        data-viewer="text"
      >
        <div className={css.text} data-mono={fixed || undefined}>
          {blocks.map((block) => (
            <div key={block.start} className={blocks.length > 1 ? css.block : undefined}>
              {piecesOf(block, found, query.length).map((piece, at) =>
                piece.found === undefined ? (
                  piece.text
                ) : (
                  <mark key={at} data-here={piece.found === here || undefined}>
                    {piece.text}
                  </mark>
                ),
              )}
            </div>
          ))}
        </div>
      </div>
      <Bar label={t('tools')}>
        <input
          ref={field}
          className={css.search}
          type="search"
          value={query}
          placeholder={t('text.search')}
          aria-label={t('text.search')}
          onChange={(event) => {
            setQuery(event.target.value);
            setPlace(0);
          }}
          onKeyDown={onKeyDown}
        />
        {query && (
          <>
            <output>
              {t('text.found', { at: found.length ? here + 1 : 0, count: found.length })}
            </output>
            <IconButton icon={ChevronUp} label={t('text.previous')} onClick={() => step(-1)} />
            <IconButton icon={ChevronDown} label={t('text.next')} onClick={() => step(1)} />
          </>
        )}
        <Gap />
        <span>{t('text.length', { count: text.length, shown: count.format(text.length) })}</span>
        {cut && <span>{t('text.cut')}</span>}
        <WordButton label={t('text.mono')} keys="M" pressed={fixed} onClick={toggle}>
          {t('text.mono')}
        </WordButton>
        <IconButton icon={Copy} label={t('copy')} onClick={() => void copyText(text)} />
      </Bar>
    </div>
  );
}
