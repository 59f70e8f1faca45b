import { Search, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { focusNode } from '@/canvas/focus';
import { familyOf } from '@/core/fields';
import { makeCatalogue, type Catalogue } from '@/core/catalogue';
import { makeIndex, search, type Result } from '@/core/search';
import { withoutFilter } from '@/core/searchQuery';
import { parseType } from '@/core/types';
import { nodesIn } from '@/state/catalogue';
import type { DocumentStore } from '@/state/document';
import { useSettings } from '@/state/settings';
import { closeSearch, useSearch, type Wish } from '../search';
import { addFrame, addNode, addNote } from './add';
import { accepts, addable, type AddEntry } from './entries';
import css from './SearchBox.module.css';

const SHOWN = 60;

/** The search for a node, where it was asked for. */
export function SearchBox({ store }: { store: DocumentStore }) {
  const wish = useSearch((state) => state.wish);
  return wish ? <Box key={`${wish.screen.x} ${wish.screen.y}`} wish={wish} store={store} /> : null;
}

/** The node types in the other language, once they have been fetched. */
function useOthers(): readonly Catalogue[] {
  const language = useSettings((settings) => settings.language);
  const [others, setOthers] = useState<readonly Catalogue[]>([]);
  useEffect(() => {
    let current = true;
    void nodesIn(language === 'en' ? 'zh-CN' : 'en').then((facts) => {
      if (current) setOthers([makeCatalogue(facts)]);
    });
    return () => {
      current = false;
    };
  }, [language]);
  return others;
}

function Box({ wish, store }: { wish: Wish; store: DocumentStore }) {
  const { t } = useTranslation('adding');
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const catalogue = useStore(store, (state) => state.catalogue);
  const graphs = useStore(store, (state) => state.document.graphs);
  const types = useStore(store, (state) => state.projected.types);
  const recent = useSettings((settings) => settings.recent);
  const scale = useSettings((settings) => settings.scale);
  const others = useOthers();
  const list = useRef<HTMLUListElement>(null);
  const index = useMemo(
    () =>
      makeIndex(
        addable(catalogue, { musegraph: 1, ...(graphs ? { graphs } : {}) }, others, {
          note: t('note'),
          frame: t('frame'),
          graphs: t('graphs'),
          canvas: t('canvas'),
        }),
      ),
    [catalogue, graphs, others, t],
  );
  const linkType =
    wish.link &&
    (wish.link.side === 'source' ? types.outputType(wish.link) : types.inputType(wish.link));
  const found = search(index, query, {
    recent,
    limit: SHOWN,
    ...(wish.link && linkType
      ? { accepts: accepts({ type: linkType, side: wish.link.side }) }
      : {}),
  });

  const choose = (entry: AddEntry): void => {
    closeSearch();
    if (entry.kind === 'note') addNote(store, wish.at);
    else if (entry.kind === 'frame') addFrame(store, wish.at);
    else {
      focusNode(addNode(store, entry.id, wish.at, { link: wish.link }));
      return;
    }
    focusCanvas();
  };

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(found.results.length - 1, to));
    setChosen(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const moves: Record<string, number> = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen - 1,
      PageDown: chosen + 8,
      PageUp: chosen - 8,
    };
    const to = moves[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && found.results[chosen]) choose(found.results[chosen].entry);
    else if (event.key === 'Escape' || event.key === 'Tab') {
      closeSearch();
      focusCanvas();
    } else if (event.key === 'Backspace' && query === '' && found.filters.length === 0) return;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <div className={css.backdrop} onPointerDown={closeSearch} aria-hidden />
      <div
        className={css.box}
        style={within(wish.screen, scale / 100)}
        role="dialog"
        aria-label={t('title')}
        onKeyDown={onKeyDown}
      >
        <label className={css.query}>
          <Search size={16} aria-hidden />
          <span className="visually-hidden">{t('title')}</span>
          <input
            autoFocus
            className={css.input}
            value={query}
            placeholder={
              linkType ? t('placeholder.link', { type: linkType.text }) : t('placeholder.any')
            }
            role="combobox"
            aria-expanded
            aria-controls="adding-results"
            aria-activedescendant={found.results[chosen] ? `adding-${chosen}` : undefined}
            onChange={(event) => {
              setQuery(event.target.value);
              setChosen(0);
              list.current?.scrollTo({ top: 0 });
            }}
          />
        </label>
        {found.filters.length > 0 && (
          <div className={css.filters}>
            {found.filters.map((filter) => (
              <button
                key={`${filter.kind}:${filter.value}`}
                className={css.filter}
                aria-label={t('removeFilter', { filter: `${filter.kind}:${filter.value}` })}
                onClick={() => setQuery(withoutFilter(query, filter))}
              >
                {`${filter.kind}:${filter.value}`}
                <X size={12} aria-hidden />
              </button>
            ))}
          </div>
        )}
        <ul
          ref={list}
          id="adding-results"
          className={css.results}
          role="listbox"
          aria-label={t('results')}
        >
          {found.results.map((result, place) => (
            <Row
              key={result.entry.id}
              id={`adding-${place}`}
              result={result}
              chosen={place === chosen}
              onChoose={() => choose(result.entry)}
              onHover={() => setChosen(place)}
            />
          ))}
        </ul>
        {found.results.length === 0 && <p className={css.none}>{t('none')}</p>}
        <footer className={css.foot}>{t('hint')}</footer>
      </div>
    </>
  );
}

interface RowProps {
  id: string;
  result: Result<AddEntry>;
  chosen: boolean;
  onChoose(): void;
  onHover(): void;
}

function Row({ id, result, chosen, onChoose, onHover }: RowProps) {
  const { entry } = result;
  const first = entry.outputs[0] ?? entry.inputs[0];
  return (
    <li
      id={id}
      className={css.row}
      role="option"
      aria-selected={chosen}
      data-family={first ? familyOf(parseType(first)) : 'any'}
      onPointerMove={chosen ? undefined : onHover}
      onClick={onChoose}
    >
      <span className={css.dot} aria-hidden />
      <span className={css.title}>
        <Marked text={entry.title} ranges={result.field === 'title' ? result.ranges : []} />
        {result.field !== 'title' && result.field !== 'text' && result.rank !== null && (
          <span className={css.also}>
            <Marked text={result.shown} ranges={result.ranges} />
          </span>
        )}
      </span>
      <span className={css.pack}>{entry.packTitle}</span>
    </li>
  );
}

function Marked({ text, ranges }: { text: string; ranges: Result['ranges'] }) {
  const parts: { text: string; on: boolean }[] = [];
  let at = 0;
  for (const [start, end] of ranges) {
    parts.push(
      { text: text.slice(at, start), on: false },
      { text: text.slice(start, end), on: true },
    );
    at = end;
  }
  parts.push({ text: text.slice(at), on: false });
  return parts.map((part, place) =>
    part.on ? (
      <mark key={place} className={css.mark}>
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}

const WIDTH = 380;
const HEIGHT = 440;

/** Beside the pointer, and wholly on the screen; in its own pixels, which the scale makes larger. */
const within = (
  { x, y }: { x: number; y: number },
  scale: number,
): { left: number; top: number } => ({
  left: Math.max(8, Math.min(x, window.innerWidth - WIDTH * scale - 8)) / scale,
  top: Math.max(8, Math.min(y, window.innerHeight - HEIGHT * scale - 8)) / scale,
});

const focusCanvas = (): void =>
  document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
