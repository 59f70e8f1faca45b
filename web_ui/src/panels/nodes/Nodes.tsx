import { ChevronDown, ChevronRight, Star } from 'lucide-react';
import { useMemo, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { familyOf } from '@/core/fields';
import { makeIndex, search } from '@/core/search';
import { parseType } from '@/core/types';
import { addFrame, addNode, addNote } from '@/shell/adding/add';
import { addable, type AddEntry } from '@/shell/adding/entries';
import { flowOf, middle } from '@/shell/pointer';
import { useDocument, useDocumentStore } from '@/state/context';
import type { DocumentStore } from '@/state/document';
import { setSettings, useSettings } from '@/state/settings';
import { useCarrying, type Place } from './carrying';
import css from './Nodes.module.css';

const add = (store: DocumentStore, entry: AddEntry, screen: Place): void => {
  const at = flowOf(store)?.screenToFlowPosition(screen, { snapToGrid: false });
  if (!at || store.getState().readOnly) return;
  if (entry.kind === 'note') addNote(store, at);
  else if (entry.kind === 'frame') addFrame(store, at);
  else addNode(store, entry.id, at);
};

/** So many are shown at once; of more one opens a category first. */
const MANY = 400;

/** Whether a category is open before anybody turns it: of many, those made by program are not. */
const opensBy = (found: readonly AddEntry[]): ((entries: readonly AddEntry[]) => boolean) => {
  if (found.length <= MANY) return () => true;
  const byHand = found.filter((entry) => !entry.generated).length;
  return (entries) => byHand <= MANY && entries.some((entry) => !entry.generated);
};

/** What is dropped beside the canvas is not meant. */
const isCanvas = ({ x, y }: Place): boolean =>
  document.elementFromPoint(x, y)?.closest('.react-flow') != null;

/** All that can be added, by category: to be carried to the canvas, or pressed. */
export default function Nodes() {
  const { t } = useTranslation('adding');
  const store = useDocumentStore();
  const [query, setQuery] = useState('');
  const catalogue = useDocument((state) => state.catalogue);
  const graphs = useDocument((state) => state.document.graphs);
  const readOnly = useDocument((state) => state.readOnly);
  const favourites = useSettings((settings) => settings.favourites);
  const { carried, start, wasDrag } = useCarrying<AddEntry>((entry, at) => {
    if (isCanvas(at)) add(store, entry, at);
  });
  const index = useMemo(
    () =>
      makeIndex(
        addable(catalogue, { musegraph: 1, ...(graphs ? { graphs } : {}) }, [], {
          note: t('note'),
          frame: t('frame'),
          graphs: t('graphs'),
          canvas: t('canvas'),
        }),
      ),
    [catalogue, graphs, t],
  );
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const { groups, opens } = useMemo(() => {
    const found = search(index, query, { limit: Infinity }).results.map((one) => one.entry);
    const starred = found.filter((entry) => favourites.includes(entry.id));
    const byCategory = Map.groupBy(found, (entry) => entry.packTitle);
    const own = starred.length ? [[t('library.favourites'), starred] as const] : [];
    return { groups: [...own, ...byCategory], opens: opensBy(found) };
  }, [index, query, favourites, t]);
  return (
    <div className={css.nodes}>
      <input
        className={css.filter}
        type="search"
        value={query}
        placeholder={t('placeholder.any')}
        aria-label={t('library.filter')}
        onChange={(event) => setQuery(event.target.value)}
      />
      {groups.map(([title, entries]) => {
        const open = opens(entries) !== turned.has(title);
        return (
          <section key={title}>
            <button
              className={css.group}
              aria-expanded={open}
              onClick={() => setTurned((before) => turn(before, title))}
            >
              {open ? (
                <ChevronDown size={14} aria-hidden />
              ) : (
                <ChevronRight size={14} aria-hidden />
              )}
              {title}
            </button>
            {open && (
              <ul className={css.list} aria-label={title}>
                {entries.map((entry) => (
                  <Row
                    key={entry.id}
                    entry={entry}
                    disabled={readOnly}
                    starred={favourites.includes(entry.id)}
                    onPress={(event) => start(event, entry)}
                    onAdd={() => !wasDrag() && add(store, entry, middle(store))}
                  />
                ))}
              </ul>
            )}
          </section>
        );
      })}
      {!groups.length && <p className={css.none}>{t('none')}</p>}
      {carried &&
        createPortal(
          <div
            className={css.carried}
            style={{ left: carried.at.x, top: carried.at.y }}
            data-testid="carried"
          >
            {carried.what.title}
          </div>,
          document.body,
        )}
    </div>
  );
}

const turn = (before: ReadonlySet<string>, title: string): ReadonlySet<string> => {
  const after = new Set(before);
  if (!after.delete(title)) after.add(title);
  return after;
};

interface RowProps {
  entry: AddEntry;
  disabled: boolean;
  starred: boolean;
  onPress(event: React.PointerEvent): void;
  onAdd(): void;
}

function Row({ entry, disabled, starred, onPress, onAdd }: RowProps) {
  const { t } = useTranslation('adding');
  const first = entry.outputs[0] ?? entry.inputs[0];
  const { favourites } = useSettings.getState();
  const star = t(starred ? 'library.unstar' : 'library.star', { title: entry.title });
  return (
    <li className={css.row} data-family={first ? familyOf(parseType(first)) : 'any'}>
      <button
        className={css.entry}
        disabled={disabled}
        aria-label={t('library.add', { title: entry.title })}
        onPointerDown={onPress}
        onClick={onAdd}
      >
        <span className={css.dot} aria-hidden />
        <span className={css.title}>{entry.title}</span>
      </button>
      <button
        className={css.star}
        aria-label={star}
        title={star}
        aria-pressed={starred}
        onClick={() =>
          setSettings({
            favourites: starred
              ? favourites.filter((one) => one !== entry.id)
              : [...favourites, entry.id],
          })
        }
      >
        <Star size={14} fill={starred ? 'currentColor' : 'none'} aria-hidden />
      </button>
    </li>
  );
}
