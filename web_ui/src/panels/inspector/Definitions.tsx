import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useDocument, useDocumentStore } from '@/state/context';
import css from './Inspector.module.css';
import { idFault } from './names';
import { Line, Section, Tool } from './parts';

/** The subgraphs of the document, and how often each is used. */
export function Definitions({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const document = useDocument((state) => state.document);
  const graphs = document.graphs ?? {};
  const names = Object.keys(graphs);
  if (!names.length) return null;
  const uses = new Map<string, number>();
  for (const graph of [document, ...Object.values(graphs)])
    for (const { type } of Object.values(graph.nodes ?? {}))
      uses.set(type, (uses.get(type) ?? 0) + 1);
  return (
    <Section title={t('workflow.definitions')} count={names.length}>
      {names.map((name) => {
        const count = uses.get(`graph:${name}`) ?? 0;
        return (
          <div key={name} className={css.itemHead}>
            <Line
              mono
              value={name}
              label={t('workflow.definitionName')}
              disabled={disabled}
              fault={(text) => idFault(text, graphs)}
              onCommit={(to) => store.run({ do: 'renameGraph', name, to })}
            />
            <span className={css.quiet}>{t('workflow.uses', { count })}</span>
            <Tool
              icon={Trash2}
              label={t(count ? 'workflow.used' : 'remove', { name })}
              disabled={disabled || count > 0}
              onClick={() => store.run({ do: 'removeGraph', name })}
            />
          </div>
        );
      })}
    </Section>
  );
}
