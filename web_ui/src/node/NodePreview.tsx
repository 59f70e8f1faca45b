import {
  AudioLines,
  ChevronLeft,
  ChevronRight,
  File,
  Film,
  Music,
  PersonStanding,
} from 'lucide-react';
import { lazy, memo, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeView } from '@/core/project';
import { useWords } from '@/i18n/said';
import { useDocumentStore } from '@/state/context';
import { useNodeRun } from '@/state/runs';
import {
  isPicture,
  PAGE,
  pictureUrl,
  placeOf,
  useValue,
  viewerItems,
  type ValuePart,
  type WireValue,
} from '@/state/runs/values';
import { openViewer } from '@/viewers/open';
import css from './NodePreview.module.css';
import { useNodePath } from './NodeStatus';
import { useNodeTitle } from './title';

interface Props {
  view: NodeView;
  y: number;
  height: number;
}

/** What a node gave in the last run, or gives right now. */
export const NodePreview = memo(function NodePreview({ view, y, height }: Props) {
  const { t } = useTranslation('runs');
  const words = useWords();
  const { uid } = useDocumentStore().getState();
  const path = useNodePath(view.id);
  const run = useNodeRun(uid, path);
  const title = useNodeTitle(view);
  const [at, setAt] = useState(0);
  const port = view.ports.outputs[0]?.name ?? 'out';
  const place = run?.result ? placeOf(uid, path, port) : null;
  const page = Math.floor(at / PAGE) * PAGE;
  const { data, error } = useValue(place, page);
  const style = { top: y, height };
  if (run?.status === 'running' && run.preview)
    return (
      <div className={css.preview} style={style} data-live>
        <img className={css.picture} src={run.preview} alt={t('preview.live', { title })} />
      </div>
    );
  if (!data || !place)
    return (
      <div className={css.preview} style={style}>
        <span className={css.empty}>{error ? words(error) : t('preview.empty')}</span>
      </div>
    );
  const shown = pieces(data);
  const count = Math.max(shown.length, data.length ?? 0);
  const here = Math.min(at, Math.max(0, count - 1));
  const piece = shown[here - page] ?? shown[0];
  const open = (): void => openViewer(viewerItems(title, place, data), { at: here - page });
  return (
    <div className={css.preview} style={style} data-stale={run?.stale || undefined}>
      <button
        className={`nodrag ${css.open}`}
        aria-label={t('preview.open', { title })}
        onClick={open}
      >
        {piece && <Piece piece={piece} width={view.geometry.width} title={title} />}
      </button>
      {count > 1 && (
        <span className={`nodrag ${css.pager}`}>
          <button
            aria-label={t('preview.before')}
            disabled={here === 0}
            onClick={() => setAt(here - 1)}
          >
            <ChevronLeft size={14} aria-hidden />
          </button>
          <span>{t('preview.of', { at: here + 1, count })}</span>
          <button
            aria-label={t('preview.next')}
            disabled={here + 1 >= count}
            onClick={() => setAt(here + 1)}
          >
            <ChevronRight size={14} aria-hidden />
          </button>
        </span>
      )}
    </div>
  );
});

interface Shown {
  part: ValuePart;
  file: ValuePart['files'][number] | null;
}

/** The parts of a value that are looked at one after the other: files, or figures. */
const pieces = (value: WireValue): Shown[] =>
  value.parts.flatMap((part): Shown[] =>
    part.files.length ? part.files.map((file) => ({ part, file })) : [{ part, file: null }],
  );

const OfFile = lazy(async () => ({ default: (await import('@/viewers/Thumb')).OfFile }));

/** One part of a value, small. */
export function Piece({ piece, width, title }: { piece: Shown; width: number; title: string }) {
  const { part, file } = piece;
  if (file && isPicture(file.media))
    return (
      <img
        className={css.picture}
        src={pictureUrl(file.asset, width)}
        alt={title}
        loading="lazy"
        decoding="async"
      />
    );
  if (part.preview) return <img className={css.picture} src={part.preview} alt={title} />;
  if (file?.media.startsWith('audio/'))
    return (
      <Suspense>
        <OfFile file={file} size={width} />
      </Suspense>
    );
  const Icon = ICONS[kindOf(file?.media ?? '', part.type)];
  return (
    <span className={css.facts}>
      <Icon size={22} strokeWidth={1.5} aria-hidden />
      <span>{file?.name ?? part.type}</span>
      <span className={css.figures}>{figures(part)}</span>
    </span>
  );
}

const ICONS = { sound: AudioLines, score: Music, film: Film, motion: PersonStanding, other: File };

const kindOf = (media: string, type: string): keyof typeof ICONS => {
  if (media === 'audio/midi' || type === 'Score') return 'score';
  if (media.startsWith('audio/') || type === 'Audio') return 'sound';
  if (media.startsWith('video/') || type === 'Video') return 'film';
  return type === 'Motion' ? 'motion' : 'other';
};

/** What is known of a value that cannot be seen, in a line. */
export const figures = ({ facts, tensors }: ValuePart): string =>
  [
    ...Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`),
    ...tensors.slice(0, 2).map((one) => `${one.shape.join('×')} ${one.dtype}`),
  ]
    .slice(0, 4)
    .join(' · ');
