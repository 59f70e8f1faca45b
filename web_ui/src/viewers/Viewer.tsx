import {
  ChevronLeft,
  ChevronRight,
  Columns2,
  Copy,
  Download,
  Info,
  LayoutGrid,
  Workflow,
} from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import { openRun } from '@/state/runs/queue';
import { Compare } from './compare/Compare';
import { copyItem } from './copying';
import { Facts } from './Facts';
import { Filmstrip, Grid } from './Filmstrip';
import { useKeys } from './keys';
import { kindOf } from './kinds';
import { closeViewer, useViewer, type ViewerItem, type Viewing } from './open';
import { IconButton, Line } from './parts';
import { Shell } from './Shell';
import { Show } from './Show';
import css from './Viewer.module.css';

/** What is remembered from one look to the next. */
let factsOpen = false;

const showAt = (at: number): void =>
  useViewer.setState(({ viewing }) => ({ viewing: viewing && { ...viewing, at } }));

/** The window in which things are looked at and listened to. */
export default function Viewer({ viewing }: { viewing: Viewing }) {
  const { t } = useTranslation('viewers');
  const { items, at } = viewing;
  const item = items[at]!;
  const comparing = viewing.compare && kindOf(item) === 'picture';
  const [facts, setFacts] = useState(factsOpen);
  const [grid, setGrid] = useState(false);
  const toggleFacts = (): void => {
    factsOpen = !facts;
    setFacts(!facts);
  };
  const toggleCompare = (): void =>
    useViewer.setState({ viewing: { ...viewing, compare: !viewing.compare } });
  const go = (to: number): void => {
    if (to >= 0 && to < items.length) showAt(to);
  };
  const runId = item.runId;
  const openWorkflow = runId
    ? (): void => {
        closeViewer();
        void openRun(runId);
      }
    : null;
  const file = item.output.files[0];
  return (
    <Shell
      title={item.title}
      note={
        items.length > 1 && !comparing ? t('place', { at: at + 1, count: items.length }) : undefined
      }
      onClose={closeViewer}
      actions={
        <>
          <ItemKeys
            go={(step) => go(at + step)}
            onFacts={toggleFacts}
            onGrid={items.length > 1 ? () => setGrid(!grid) : null}
            onCompare={kindOf(item) === 'picture' ? toggleCompare : null}
            onEscape={grid ? () => setGrid(false) : comparing ? toggleCompare : null}
          />
          {items.length > 1 && !comparing && (
            <>
              <IconButton
                icon={ChevronLeft}
                label={t('before')}
                keys="←"
                disabled={at === 0}
                onClick={() => go(at - 1)}
              />
              <IconButton
                icon={ChevronRight}
                label={t('next')}
                keys="→"
                disabled={at === items.length - 1}
                onClick={() => go(at + 1)}
              />
              <IconButton
                icon={LayoutGrid}
                label={t('grid')}
                keys="G"
                pressed={grid}
                onClick={() => setGrid(!grid)}
              />
              <Line />
            </>
          )}
          {kindOf(item) === 'picture' && (
            <IconButton
              icon={Columns2}
              label={t('compare.start')}
              keys="C"
              pressed={comparing}
              onClick={toggleCompare}
            />
          )}
          {openWorkflow && (
            <IconButton icon={Workflow} label={t('openWorkflow')} onClick={openWorkflow} />
          )}
          <IconButton
            icon={Copy}
            label={t('copy')}
            keys="Ctrl+C"
            onClick={() => void copyItem(item)}
          />
          {file && (
            <a
              className={css.download}
              href={assetUrl(file.asset)}
              download={file.name}
              aria-label={t('download')}
              title={t('download')}
            >
              <Download size={16} strokeWidth={1.75} aria-hidden />
            </a>
          )}
          <IconButton
            icon={Info}
            label={t('facts.title')}
            keys="I"
            pressed={facts}
            onClick={toggleFacts}
          />
        </>
      }
    >
      <div className={css.body} data-facts={facts || undefined}>
        <div className={css.stage}>
          {grid ? (
            <Grid
              items={items}
              at={at}
              onChoose={(to) => {
                setGrid(false);
                go(to);
              }}
            />
          ) : comparing ? (
            <Compare items={items} at={at} />
          ) : (
            <Show key={keyOf(item, at)} item={item} />
          )}
          {items.length > 1 && !grid && !comparing && (
            <Filmstrip items={items} at={at} onChoose={go} />
          )}
        </div>
        {facts && <Facts item={item} />}
      </div>
    </Shell>
  );
}

const keyOf = (item: ViewerItem, at: number): string =>
  `${at} ${item.output.files[0]?.asset ?? item.output.identity}`;

interface KeysProps {
  go(step: number): void;
  onFacts(): void;
  onGrid: (() => void) | null;
  onCompare: (() => void) | null;
  onEscape: (() => void) | null;
}

/** Keys for the window as a whole; it is shown first, so that what it shows is asked before it. */
function ItemKeys({ go, onFacts, onGrid, onCompare, onEscape }: KeysProps) {
  useKeys((event) => {
    const item = useViewer.getState().viewing;
    if ((event.ctrlKey || event.metaKey) && event.code === 'KeyC') {
      if (!item || !getSelection()?.isCollapsed) return false;
      void copyItem(item.items[item.at]!);
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (event.key === 'ArrowLeft' || event.key === 'PageUp') go(-1);
    else if (event.key === 'ArrowRight' || event.key === 'PageDown') go(1);
    else if (event.code === 'KeyI') onFacts();
    else if (event.code === 'KeyG' && onGrid) onGrid();
    else if (event.code === 'KeyC' && onCompare) onCompare();
    else if (event.key === 'Escape' && onEscape) onEscape();
    else return false;
    return true;
  });
  return null;
}
