import { ChevronDown, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { NodeGeometry } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { useDocumentStore } from '@/state/context';
import css from './Fold.module.css';
import { setFolds } from './shapes';

interface Props {
  view: NodeView;
  fold: NonNullable<NodeGeometry['fold']>;
  /** Whether something is wrong with an input that it holds. */
  troubled: boolean;
}

/** The line behind which inputs are that are rarely set. */
export function Fold({ view, fold, troubled }: Props) {
  const { t } = useTranslation('fields');
  const store = useDocumentStore();
  const labels = view.ports.inputs
    .filter((port) => fold.names.includes(port.name))
    .map((port) => port.label);
  const Icon = fold.open ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      className={`nodrag nokey ${css.fold}`}
      style={{ top: fold.y, height: fold.height }}
      title={labels.join(t('fold.between'))}
      aria-expanded={fold.open}
      data-problem={(troubled && !fold.open) || undefined}
      onClick={() => setFolds(store, [view.id], !fold.open)}
    >
      <Icon size={14} aria-hidden />
      <span>{t('fold.more', { count: labels.length })}</span>
    </button>
  );
}
