import { CircleSlash, Ellipsis, MoveRight, Pin, StickyNote } from 'lucide-react';
import { createElement, memo, useState, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeView } from '@/core/project';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { iconOf } from './icons';
import css from './NodeHeader.module.css';
import { NodeStatus } from './NodeStatus';
import { NoteBadge } from './NoteBadge';
import { startRenaming, stopRenaming, useIsRenamed } from './renaming';
import { useNodeTitle } from './title';

const MODES = { bypass: MoveRight, mute: CircleSlash } as const;

interface Props {
  view: NodeView;
  selected: boolean;
}

/** Name of a node, and how it is. */
export const NodeHeader = memo(function NodeHeader({ view, selected }: Props) {
  const { t } = useTranslation('fields');
  const store = useDocumentStore();
  const renamed = useIsRenamed(store, view.id);
  const title = useNodeTitle(view);
  const [pointed, setPointed] = useState(false);
  const { mode, pin, repeat } = view.node;
  const ModeIcon = mode && MODES[mode];
  return (
    <header
      className={css.header}
      title={renamed ? undefined : `${title} · ${view.id}`}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      {createElement(iconOf(view), {
        size: 16,
        strokeWidth: 1.75,
        className: css.icon,
        'aria-hidden': true,
      })}
      {renamed ? (
        <TitleInput view={view} title={title} />
      ) : (
        <span
          className={css.title}
          onDoubleClick={(event) => {
            event.stopPropagation();
            if (!store.getState().readOnly) startRenaming(store, view.id);
          }}
        >
          {title}
        </span>
      )}
      {ModeIcon && (
        <span
          className={css.mode}
          role="img"
          aria-label={t(`mode.${mode}`)}
          title={t(`mode.${mode}Help`)}
        >
          <ModeIcon size={16} strokeWidth={2} aria-hidden />
        </span>
      )}
      {repeat && (
        <span className={css.times} title={t('repeatHelp', { times: repeat.times })}>
          {t('repeat', { times: repeat.times })}
        </span>
      )}
      {pin && (
        <span className={css.mark} role="img" aria-label={t('pinned')} title={t('pinnedHelp')}>
          <Pin size={14} aria-hidden />
        </span>
      )}
      <NodeStatus view={view} />
      {view.layout?.note && (
        <NoteBadge id={view.id} note={view.layout.note}>
          <StickyNote size={14} aria-hidden />
        </NoteBadge>
      )}
      {(selected || pointed) && (
        <button
          type="button"
          className={`nodrag nokey ${css.menu}`}
          title={t('menu')}
          aria-label={t('menuOf', { title })}
          aria-haspopup="menu"
          onClick={openMenu}
        >
          <Ellipsis size={16} aria-hidden />
        </button>
      )}
    </header>
  );
});

/** The menu of the node is the one that a right click brings; here it comes below the button. */
function openMenu(event: MouseEvent<HTMLElement>): void {
  event.stopPropagation();
  const { left, bottom } = event.currentTarget.getBoundingClientRect();
  event.currentTarget.dispatchEvent(
    new window.MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      button: 2,
      clientX: left,
      clientY: bottom,
    }),
  );
}

function TitleInput({ view, title }: { view: NodeView; title: string }) {
  const { t } = useTranslation('fields');
  const store = useDocumentStore();
  return (
    <input
      className={`nodrag nopan ${css.rename}`}
      aria-label={t('title')}
      defaultValue={title}
      spellCheck={false}
      ref={(element) => {
        if (!element || element === document.activeElement) return;
        element.focus();
        element.select();
      }}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        if (event.key === 'Escape') event.currentTarget.value = title;
        const wrapper = event.currentTarget.closest<HTMLElement>('.react-flow__node');
        event.currentTarget.blur();
        wrapper?.focus({ preventScroll: true });
      }}
      onDoubleClick={(event) => event.stopPropagation()}
      onBlur={(event) => {
        stopRenaming();
        const text = event.target.value.trim();
        if (text === title) return;
        const graph = shownGraph(store.getState());
        store.run({ do: 'setLayout', graph, node: view.id, layout: { title: text || null } });
        store.seal();
      }}
    />
  );
}
