import { RotateCw, TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { logException } from '@/state/log';
import { Button } from '@/ui/Button';
import css from './PageBoundary.module.css';

interface Props {
  children: ReactNode;
}

/** A page that cannot be drawn says so, instead of going blank; drafts are kept without it. */
export class PageBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(thrown: unknown): void {
    logException('client.render', thrown);
  }

  override render(): ReactNode {
    return this.state.failed ? <Fallback /> : this.props.children;
  }
}

function Fallback() {
  const { t } = useTranslation('shell');
  return (
    <main className={css.page} role="alert">
      <TriangleAlert size={32} aria-hidden />
      <h1>{t('broken.title')}</h1>
      <p>{t('broken.text')}</p>
      <Button look="primary" onClick={() => location.reload()}>
        <RotateCw size={16} aria-hidden />
        {t('broken.again')}
      </Button>
    </main>
  );
}
