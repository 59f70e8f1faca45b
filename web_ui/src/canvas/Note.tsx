import { NodeResizer, type NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import type { NoteNode } from './flow';
import css from './Note.module.css';

/** A piece of paper with words of the user's own. */
export const Note = memo(function Note({ data, selected }: NodeProps<NoteNode>) {
  const { t } = useTranslation('canvas');
  const store = useDocumentStore();
  const graph = () => shownGraph(store.getState());
  return (
    <div className={css.note} data-tint={data.note.color ?? 'yellow'}>
      <NodeResizer
        isVisible={selected}
        minWidth={120}
        minHeight={64}
        onResizeEnd={(_event, { x, y, width, height }) =>
          store.run({ do: 'resize', graph: graph(), item: `note:${data.id}`, x, y, width, height })
        }
      />
      <div className={css.grip} aria-hidden />
      <textarea
        className={`nodrag nowheel nopan ${css.text}`}
        value={data.note.text}
        placeholder={t('note.placeholder')}
        aria-label={t('note.label')}
        onChange={(event) =>
          store.run({
            do: 'setNote',
            graph: graph(),
            id: data.id,
            note: { text: event.target.value },
          })
        }
        onBlur={() => store.seal()}
      />
    </div>
  );
});
