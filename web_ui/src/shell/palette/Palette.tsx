import { Search } from 'lucide-react';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { makeIndex, search, type Entry } from '@/core/search';
import { useModal } from '@/ui/useModal';
import { allDoings, canDo, perform, type Doing } from '../commands/registry';
import { keysOf, showKeys } from '../commands/keys';
import { closeDialog } from '../dialogs';
import css from './Palette.module.css';

interface DoingEntry extends Entry {
  doing: Doing;
}

/** Everything that can be done now, by typing a part of its name. */
export function Palette() {
  const { t, i18n } = useTranslation('commands');
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const dialog = useModal();
  const index = useMemo(() => {
    const english = i18n.getFixedT('en', 'commands');
    return makeIndex(
      allDoings()
        .filter((one) => one.id !== 'help.palette' && canDo(one))
        .map((doing): DoingEntry => ({
          id: doing.id,
          pack: doing.group,
          title: t(doing.id),
          titles: [english(doing.id)],
          inputs: [],
          outputs: [],
          doing,
        })),
    );
  }, [t, i18n]);
  const found = search(index, query, { limit: 80 });
  const choose = (doing: Doing): void => {
    closeDialog();
    perform(doing.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const step: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const by = step[event.key];
    if (by !== undefined) {
      const next = Math.max(0, Math.min(found.results.length - 1, chosen + by));
      setChosen(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && found.results[chosen])
      choose(found.results[chosen].entry.doing);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className={css.palette}
      aria-label={t('help.palette')}
      onCancel={closeDialog}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.target === event.currentTarget && closeDialog()}
    >
      <label className={css.query}>
        <Search size={16} aria-hidden />
        <span className="visually-hidden">{t('help.palette')}</span>
        <input
          autoFocus
          className={css.input}
          value={query}
          placeholder={t('paletteHint')}
          role="combobox"
          aria-expanded
          aria-controls="palette-results"
          aria-activedescendant={found.results[chosen] ? `palette-${chosen}` : undefined}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(0);
          }}
        />
      </label>
      <ul
        ref={list}
        id="palette-results"
        className={css.results}
        role="listbox"
        aria-label={t('help.palette')}
      >
        {found.results.map(({ entry }, place) => (
          <li
            key={entry.id}
            id={`palette-${place}`}
            className={css.row}
            role="option"
            aria-selected={place === chosen}
            onPointerMove={() => setChosen(place)}
            onClick={() => choose(entry.doing)}
          >
            <span>{entry.title}</span>
            <span className={css.group}>{t(`groups.${entry.doing.group}`)}</span>
            <kbd className={css.keys}>
              {keysOf(entry.doing)[0] ? showKeys(keysOf(entry.doing)[0]!) : ''}
            </kbd>
          </li>
        ))}
      </ul>
      {found.results.length === 0 && <p className={css.none}>{t('paletteNone')}</p>}
    </dialog>
  );
}
