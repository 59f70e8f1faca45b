import { ArrowRight } from 'lucide-react';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { linkChoices, type LinkChoice } from '@/core/choices';
import type { PortName } from '@/core/document';
import { familyOf } from '@/core/fields';
import { nodeTitle } from '@/node/title';
import type { DocumentStore } from '@/state/document';
import { useModal } from '@/ui/useModal';
import { tryLink } from './connecting';
import { closeLinkList, type LinkWish } from './linkList';
import css from './LinkList.module.css';

const SHOWN = 80;

/** Linking without a pointer: every link that may be made here, found by typing. */
export default function LinkList({ store, wish }: { store: DocumentStore; wish: LinkWish }) {
  const { t } = useTranslation('linking');
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const dialog = useModal();
  const { projected, catalogue } = store.getState();
  const choices = useMemo(() => {
    const { types, views } = projected;
    const port = (at: PortName, side: 'inputs' | 'outputs'): string => {
      const view = views.get(at.node);
      const label = types.portsOf(at.node)[side].find((one) => one.name === at.port)?.label;
      return t('end', {
        node: view ? nodeTitle(view, catalogue) : at.node,
        port: label ?? at.port,
      });
    };
    return linkChoices(types, wish, [...views.keys()]).map((choice) => ({
      choice,
      from: port(choice.from, 'outputs'),
      to: port(choice.to, 'inputs'),
      family: familyOf(types.outputType(choice.from)!),
    }));
  }, [projected, catalogue, wish, t]);
  const words = query.trim().toLowerCase().split(/\s+/);
  const found = choices
    .filter(({ choice, from, to }) => {
      const text = `${from} ${to} ${choice.from.node} ${choice.to.node}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .slice(0, SHOWN);
  const take = ({ from, to }: LinkChoice): void => {
    closeLinkList();
    tryLink(store, from, to);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by !== undefined) {
      const next = Math.max(0, Math.min(found.length - 1, chosen + by));
      setChosen(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && found[chosen]) take(found[chosen].choice);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className={css.box}
      aria-label={t('title')}
      onCancel={(event) => {
        event.preventDefault();
        closeLinkList();
      }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.target === event.currentTarget && closeLinkList()}
    >
      <input
        autoFocus
        className={css.query}
        value={query}
        placeholder={t('filter')}
        aria-label={t('title')}
        role="combobox"
        aria-expanded
        aria-controls="link-choices"
        aria-activedescendant={found[chosen] ? `link-${chosen}` : undefined}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
      />
      <ul ref={list} id="link-choices" className={css.list} role="listbox" aria-label={t('title')}>
        {found.map(({ choice, from, to, family }, place) => (
          <li
            key={`${from} ${to} ${choice.from.node} ${choice.to.node}`}
            id={`link-${place}`}
            className={css.row}
            role="option"
            aria-selected={place === chosen}
            data-family={family}
            onPointerMove={() => setChosen(place)}
            onClick={() => take(choice)}
          >
            <span className={css.dot} aria-hidden />
            <span>{from}</span>
            <ArrowRight size={14} aria-label={t('to')} />
            <span>{to}</span>
            {choice.taken && <small className={css.taken}>{t('taken')}</small>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={css.none}>{t(choices.length ? 'none' : 'nothing')}</p>}
    </dialog>
  );
}
