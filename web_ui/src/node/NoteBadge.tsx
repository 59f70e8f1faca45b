import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import popup from '@/ui/Popup.module.css';
import css from './NodeHeader.module.css';

interface Props {
  id: string;
  note: string;
  children: ReactNode;
}

/** What the user has noted about a node, behind a small mark. */
export function NoteBadge({ id, note, children }: Props) {
  const { t } = useTranslation('fields');
  const store = useDocumentStore();
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button
          type="button"
          className={`nodrag nokey ${css.note}`}
          title={note}
          aria-label={t('note.show')}
        >
          {children}
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={`nokey ${popup.popup} ${css.noteText}`}
          aria-label={t('note.label')}
          sideOffset={6}
          align="start"
          collisionPadding={8}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <textarea
            defaultValue={note}
            rows={5}
            aria-label={t('note.label')}
            readOnly={store.getState().readOnly}
            onBlur={(event) => {
              const text = event.target.value.trim();
              if (text === note) return;
              const graph = shownGraph(store.getState());
              store.run({ do: 'setLayout', graph, node: id, layout: { note: text || null } });
              store.seal();
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
