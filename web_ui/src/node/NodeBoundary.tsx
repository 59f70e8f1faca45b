import { TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeView } from '@/core/project';
import { logException } from '@/state/log';
import css from './NodeCard.module.css';

interface Props {
  view: NodeView;
  children: ReactNode;
}

interface State {
  failed: NodeView | null;
}

/** A node that cannot be drawn says so in its place; the others are drawn as ever. */
export class NodeBoundary extends Component<Props, State> {
  override state: State = { failed: null };

  static getDerivedStateFromProps({ view }: Props, { failed }: State): State | null {
    // What has changed may be drawn again.
    return failed && failed !== NOT_KNOWN && failed !== view ? { failed: null } : null;
  }

  static getDerivedStateFromError(): State {
    return { failed: NOT_KNOWN };
  }

  override componentDidCatch(thrown: unknown): void {
    logException('client.render.node', thrown);
    this.setState({ failed: this.props.view });
  }

  override render(): ReactNode {
    return this.state.failed ? <Fallback id={this.props.view.id} /> : this.props.children;
  }
}

/** Between the error and the moment when it is known which view it was. */
const NOT_KNOWN = {} as NodeView;

function Fallback({ id }: { id: string }) {
  const { t } = useTranslation('fields');
  return (
    <article className={css.card} data-broken>
      <header className={css.broken}>
        <TriangleAlert size={16} aria-hidden />
        <span>{t('broken.title', { id })}</span>
      </header>
      <p className={css.brokenText}>{t('broken.text')}</p>
    </article>
  );
}
