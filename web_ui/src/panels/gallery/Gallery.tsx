import { useVirtualizer } from '@tanstack/react-virtual';
import { ContextMenu } from 'radix-ui';
import {
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { useHidden } from '@/state/runs/forgetting';
import { compare, look, remove, star } from './acting';
import { ASSET_TYPE } from './asset';
import { Cell } from './Cell';
import { choose, NOTHING_CHOSEN, step } from './choosing';
import { Filters } from './Filters';
import css from './Gallery.module.css';
import { Actions, Menu } from './Actions';
import { chosenBy, fetchResults, NO_FILTER, useResults } from './results';
import { useStars } from './stars';
import { useWidth } from './width';

const SIZE = 112;
const GAP = 8;

/** The results of all runs. */
export default function Gallery() {
  const { t } = useTranslation('runs');
  const { results, complete } = useResults();
  const hidden = useHidden();
  const stars = useStars();
  const [filter, setFilter] = useState(NO_FILTER);
  const [choice, setChoice] = useState(NOTHING_CHOSEN);
  const [opened] = useState(() => Date.now());
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const id = useId();
  useEffect(() => void fetchResults(), []);
  const shown = useMemo(
    () => chosenBy(results, filter, stars, hidden, opened),
    [results, filter, stars, hidden, opened],
  );
  const keys = useMemo(() => shown.map((one) => one.key), [shown]);
  const columns = Math.max(1, Math.floor((width - 24 + GAP) / (SIZE + GAP)));
  // eslint-disable-next-line react-hooks/incompatible-library -- it draws what is in view, each time
  const virtual = useVirtualizer({
    count: Math.ceil(shown.length / columns),
    getScrollElement: () => list.current,
    estimateSize: () => SIZE + GAP,
    overscan: 2,
    paddingStart: 2,
    paddingEnd: 8,
  });
  const marked = shown.filter((one) => choice.chosen.has(one.key));
  const place = choice.at === null ? -1 : keys.indexOf(choice.at);
  const keyAt = (event: MouseEvent): string | undefined =>
    (event.target as Element).closest<HTMLElement>('[data-key]')?.dataset['key'];
  const onClick = (event: MouseEvent): void => {
    const key = keyAt(event);
    if (key === undefined) return;
    const how = { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey };
    setChoice((before) => choose(before, keys, key, how));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const rows = Math.max(1, Math.floor((list.current?.clientHeight ?? 0) / (SIZE + GAP)));
    const to = step(event.key, Math.max(0, place), shown.length, columns, rows);
    if (to !== null && shown[to]) {
      event.preventDefault();
      const how = { range: event.shiftKey, toggle: false };
      setChoice((before) => choose(before, keys, keys[to]!, how));
      virtual.scrollToIndex(Math.floor(to / columns));
      return;
    }
    const at = shown[place];
    if (event.key === 'Enter' && at && !event.ctrlKey) look(shown, place);
    else if (event.key === 'Delete' || event.key === 'Backspace') remove(marked);
    else if (event.key === ' ' && at)
      setChoice((before) => choose(before, keys, at.key, { range: false, toggle: true }));
    else if (event.code === 'KeyS' && !event.ctrlKey && !event.metaKey) star(marked);
    else if (event.code === 'KeyC' && !event.ctrlKey && marked.length === 2) compare(marked);
    else if (event.code === 'KeyA' && (event.ctrlKey || event.metaKey))
      setChoice({ chosen: new Set(keys), at: choice.at, from: choice.from });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={css.panel}>
      <div className={css.tools}>
        <Filters filter={filter} results={results} onChange={setFilter} />
        <Actions results={marked} />
        <span className={css.count}>
          {complete
            ? t('gallery.count', { count: shown.length })
            : t('gallery.loading', { count: results.length })}
        </span>
      </div>
      <ContextMenu.Root modal={false}>
        <ContextMenu.Trigger asChild>
          <div
            ref={list}
            className={css.list}
            role="listbox"
            aria-multiselectable
            aria-busy={!virtual.getVirtualItems().length}
            aria-label={t('gallery.label')}
            aria-activedescendant={place >= 0 ? `${id}${choice.at}` : undefined}
            tabIndex={0}
            onClick={onClick}
            onDoubleClick={(event) => {
              const at = keys.indexOf(keyAt(event) ?? '');
              if (at >= 0) look(shown, at);
            }}
            onContextMenu={(event) => {
              const key = keyAt(event);
              if (key === undefined) event.preventDefault();
              else if (!choice.chosen.has(key))
                setChoice((before) => choose(before, keys, key, { range: false, toggle: false }));
            }}
            onDragStart={(event) => {
              const file = shown.find((one) => one.key === keyAt(event))?.file;
              if (!file) return;
              const { asset, name, media } = file;
              event.dataTransfer.setData(ASSET_TYPE, JSON.stringify({ asset, name, media }));
              event.dataTransfer.effectAllowed = 'copy';
            }}
            onKeyDown={onKeyDown}
          >
            <div className={css.all} style={{ height: virtual.getTotalSize() }}>
              {virtual.getVirtualItems().map((row) => (
                <div
                  key={row.key}
                  className={css.row}
                  role="presentation"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  {shown.slice(row.index * columns, (row.index + 1) * columns).map((one) => (
                    <Cell
                      key={one.key}
                      id={`${id}${one.key}`}
                      result={one}
                      size={SIZE}
                      chosen={choice.chosen.has(one.key)}
                      starred={stars.has(one.identity)}
                      focused={choice.at === one.key}
                    />
                  ))}
                </div>
              ))}
            </div>
            {complete && !shown.length && (
              <p className={css.none}>
                {results.length ? t('gallery.noneFiltered') : t('gallery.none')}
              </p>
            )}
          </div>
        </ContextMenu.Trigger>
        <Menu results={marked} />
      </ContextMenu.Root>
    </div>
  );
}
