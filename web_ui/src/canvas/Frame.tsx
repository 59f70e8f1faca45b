import { NodeResizer, type NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import type { FrameNode } from './flow';
import css from './Frame.module.css';

/** A frame around items that belong together; it is taken by its title. */
export const Frame = memo(function Frame({ data, selected }: NodeProps<FrameNode>) {
  const { t } = useTranslation('canvas');
  const store = useDocumentStore();
  const graph = () => shownGraph(store.getState());
  return (
    <section
      className={css.frame}
      data-tint={data.frame.color}
      aria-label={data.frame.title ?? t('frame.untitled')}
    >
      <NodeResizer
        isVisible={selected}
        minWidth={160}
        minHeight={96}
        onResizeEnd={(_event, { x, y, width, height }) =>
          store.run({ do: 'resize', graph: graph(), item: `frame:${data.id}`, x, y, width, height })
        }
      />
      <header className={`frame-handle ${css.title}`}>
        <input
          className={`nodrag ${css.input}`}
          value={data.frame.title ?? ''}
          placeholder={t('frame.untitled')}
          aria-label={t('frame.title')}
          onChange={(event) =>
            store.run(
              {
                do: 'setFrame',
                graph: graph(),
                id: data.id,
                frame: { title: event.target.value || null },
              },
              { group: `frame ${data.id}` },
            )
          }
        />
      </header>
    </section>
  );
});
