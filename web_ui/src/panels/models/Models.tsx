import { RefreshCw } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { createPortal } from 'react-dom';
import { Trans, useTranslation } from 'react-i18next';
import { calledIn } from '@/core/models';
import { addModel, opener, selectedFor, setModel } from '@/shell/adding/model';
import { flowOf, middle } from '@/shell/pointer';
import { useDocument, useDocumentStore } from '@/state/context';
import type { DocumentStore } from '@/state/document';
import { loadModels, useModels, type Model } from '@/state/models';
import { Select } from '@/ui/Select';
import { useCarrying, type Place } from '../nodes/carrying';
import css from './Models.module.css';
import { ModelRow } from './ModelRow';

/** So many are shown at once; the rest is a press away. */
const MANY = 100;

const flowPlace = (store: DocumentStore, screen: Place): Place | undefined =>
  flowOf(store)?.screenToFlowPosition(screen, { snapToGrid: false });

const add = (store: DocumentStore, model: Model, screen: Place): void => {
  const at = flowPlace(store, screen);
  if (at) addModel(store, model, at);
};

/** A model that is let go over a node that takes it goes there, else into a node of its own. */
const drop = (store: DocumentStore, model: Model, at: Place): void => {
  const under = document.elementFromPoint(at.x, at.y);
  if (store.getState().readOnly || !under?.closest('.react-flow')) return;
  const node = under.closest('.react-flow__node')?.getAttribute('data-id');
  if (!node || !setModel(store, node, model)) add(store, model, at);
};

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

const wordsOf = (model: Model): string =>
  plain(
    [model.source, model.title, model.family, model.author, model.licence, ...model.triggers].join(
      ' ',
    ),
  );

/** All models that the library has, by kind: to be carried to the canvas, or pressed. */
export default function Models() {
  const { t } = useTranslation(['models', 'fields']);
  const store = useDocumentStore();
  const models = useModels((known) => known.models);
  const unread = useModels((known) => known.unread);
  const readOnly = useDocument((state) => state.readOnly);
  const projected = useDocument((state) => state.projected);
  const selection = useDocument((state) => state.selection);
  const [query, setQuery] = useState('');
  const [kind, setKind] = useState('');
  const [most, setMost] = useState(MANY);
  useEffect(() => void loadModels(), []);
  const { carried, start, wasDrag } = useCarrying<Model>((model, at) => drop(store, model, at));
  const searched = useMemo(
    () => (models ?? []).map((model) => ({ model, words: wordsOf(model) })),
    [models],
  );
  const kinds = useMemo(() => countKinds(models ?? []), [models]);
  const found = useMemo(() => {
    const words = plain(query).split(/\s+/).filter(Boolean);
    return searched
      .filter((one) => !kind || one.model.kind === kind)
      .filter((one) => words.every((word) => one.words.includes(word)))
      .map((one) => one.model)
      .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.source.localeCompare(b.source));
  }, [searched, query, kind]);
  const shown = found.slice(0, most);
  const uses = useMemo(
    () =>
      usesOf(
        store,
        kinds.map(([name]) => name),
      ),
    // What is selected and what is there decide, and are read from the store.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [store, kinds, selection, projected],
  );
  const use = (model: Model): void => {
    if (wasDrag() || readOnly) return;
    const node = selectedFor(store, model);
    if (node === null || !setModel(store, node, model)) add(store, model, middle(store));
  };
  return (
    <div className={css.models}>
      <div className={css.filters} role="group" aria-label={t('search')}>
        <input
          type="search"
          value={query}
          placeholder={t('search')}
          aria-label={t('search')}
          onChange={(event) => {
            setQuery(event.target.value);
            setMost(MANY);
          }}
        />
        <button
          className={css.refresh}
          aria-label={t('refresh')}
          title={t('refresh')}
          onClick={() => void loadModels()}
        >
          <RefreshCw size={15} aria-hidden />
        </button>
        <Select
          className={css.kind}
          value={kind}
          aria-label={t('kind')}
          onChange={(event) => {
            setKind(event.target.value);
            setMost(MANY);
          }}
        >
          <option value="">{t('allKinds')}</option>
          {kinds.map(([name, count]) => (
            <option key={name} value={name}>
              {`${t(`fields:model.kind.${name}`)} (${count})`}
            </option>
          ))}
        </Select>
      </div>
      <p className={css.state} role="status">
        {models === null ? t('loading') : unread ? t('reading', { count: unread }) : ''}
      </p>
      {[...Map.groupBy(shown, (one) => one.kind)].map(([name, those]) => (
        <section key={name}>
          <h3 className={css.heading}>{t(`fields:model.kind.${name}`)}</h3>
          <ul className={css.list} aria-label={t(`fields:model.kind.${name}`)}>
            {those.map((model) => (
              <ModelRow
                key={model.source}
                model={model}
                use={model.wrong ? null : (uses.get(model.kind) ?? null)}
                readOnly={readOnly}
                onPress={(event) => start(event, model)}
                onUse={() => use(model)}
              />
            ))}
          </ul>
        </section>
      ))}
      {found.length > shown.length && (
        <button className={css.more} onClick={() => setMost(most + MANY)}>
          {t('more', { count: found.length - shown.length })}
        </button>
      )}
      {models !== null && !found.length && <None any={models.length > 0} />}
      {carried &&
        createPortal(
          <div
            className={css.carried}
            style={{ left: carried.at.x, top: carried.at.y }}
            data-testid="carried"
          >
            {calledIn(carried.what.source).name}
          </div>,
          document.body,
        )}
    </div>
  );
}

const countKinds = (models: readonly Model[]): [Model['kind'], number][] =>
  [...Map.groupBy(models, (one) => one.kind)]
    .map(([kind, those]): [Model['kind'], number] => [kind, those.length])
    .toSorted(([a], [b]) => a.localeCompare(b));

type Use = 'node' | 'new' | null;

/** What pressing a model of each kind does: it depends on what is selected, and which nodes there are. */
const usesOf = (store: DocumentStore, kinds: readonly Model['kind'][]): Map<string, Use> =>
  new Map(
    kinds.map((kind) => [
      kind,
      selectedFor(store, { kind }) !== null ? 'node' : opener(store, { kind }) ? 'new' : null,
    ]),
  );

function None({ any }: { any: boolean }) {
  const { t } = useTranslation('models');
  return (
    <p className={css.none}>
      {any ? (
        t('none')
      ) : (
        <Trans
          t={t}
          i18nKey="empty"
          values={{ add: 'musegraph models folder add', fetch: 'musegraph models add' }}
          components={{ code: <code /> }}
        />
      )}
    </p>
  );
}
