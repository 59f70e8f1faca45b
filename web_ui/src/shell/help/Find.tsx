import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { NodeView } from '@/core/project';
import type { Catalogue } from '@/core/catalogue';
import { nodeTitle } from '@/node/title';
import type { DocumentStore } from '@/state/document';
import { reveal } from '../commands/move';
import { closeDialog } from '../dialogs';
import css from './Find.module.css';

const textOf = (view: NodeView, catalogue: Catalogue): string =>
  [
    nodeTitle(view, catalogue),
    view.id,
    view.node.type,
    view.layout?.note ?? '',
    ...Object.values(view.node.values ?? {}).map((value) =>
      typeof value === 'string' ? value : JSON.stringify(value),
    ),
    ...Object.values(view.bound).map(
      (binding) => `${binding.name} ${JSON.stringify(binding.input.default ?? '')}`,
    ),
  ]
    .join(' ')
    .toLowerCase();

/** Finding nodes of the graph by name, type or value, one after the other. */
export function Find({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('shell');
  const [query, setQuery] = useState('');
  const [place, setPlace] = useState(0);
  const projected = useStore(store, (state) => state.projected);
  const catalogue = useStore(store, (state) => state.catalogue);
  const words = query.trim().toLowerCase();
  const found = words
    ? [...projected.views.values()].filter((view) => textOf(view, catalogue).includes(words))
    : [];
  const show = (to: number, among = found): void => {
    if (!among.length) return;
    const next = (to + among.length) % among.length;
    setPlace(next);
    store.select([among[next]!.id]);
    reveal(store, [among[next]!.id]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') show(place + (event.shiftKey ? -1 : 1));
    else if (event.key === 'Escape') closeDialog();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <search className={css.find} onKeyDown={onKeyDown}>
      <input
        autoFocus
        className={css.input}
        value={query}
        placeholder={t('find.placeholder')}
        aria-label={t('find.placeholder')}
        onChange={(event) => {
          setQuery(event.target.value);
          const next = event.target.value.trim().toLowerCase();
          show(
            0,
            next
              ? [...projected.views.values()].filter((view) =>
                  textOf(view, catalogue).includes(next),
                )
              : [],
          );
        }}
      />
      <output className={css.count}>
        {words ? t('find.count', { place: found.length ? place + 1 : 0, total: found.length }) : ''}
      </output>
      <button
        className={css.button}
        aria-label={t('find.previous')}
        onClick={() => show(place - 1)}
      >
        <ChevronUp size={16} aria-hidden />
      </button>
      <button className={css.button} aria-label={t('find.next')} onClick={() => show(place + 1)}>
        <ChevronDown size={16} aria-hidden />
      </button>
      <button className={css.button} aria-label={t('close')} onClick={closeDialog}>
        <X size={16} aria-hidden />
      </button>
    </search>
  );
}
