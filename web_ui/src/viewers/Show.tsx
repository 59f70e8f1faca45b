import { File as FileIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from './bytes';
import { isMotion, kindOf, type File } from './kinds';
import type { ViewerItem } from './open';
import { Sentence } from './parts';
import Picture from './picture/Picture';
import { Numbers, Single } from './text/Numbers';
import { JsonTree } from './text/JsonTree';
import { TableView } from './text/TableView';
import { TextView } from './text/TextView';
import { parseCsv, tableOf } from './text/table';
import { Value } from './Value';
import { useWords } from '@/i18n/said';

const Sound = lazy(() => import('./audio/Sound'));
const Film = lazy(() => import('./video/Film'));
const Score = lazy(() => import('./score/Score'));
const Motion = lazy(() => import('./motion/Motion'));
const MotionFile = lazy(() => import('./motion/MotionFile'));

/** What is looked at, in the viewer for its kind. */
export function Show({ item }: { item: ViewerItem }) {
  const { t } = useTranslation('viewers');
  return (
    <Suspense fallback={<Sentence>{t('loading')}</Sentence>}>
      <Chosen item={item} />
    </Suspense>
  );
}

function Chosen({ item }: { item: ViewerItem }) {
  const { t } = useTranslation('viewers');
  const { output, title } = item;
  const file = output.files[0];
  const kind = kindOf(item);
  if (file)
    switch (kind) {
      case 'picture':
        return <Picture file={file} title={title} />;
      case 'sound':
        return <Sound file={file} title={title} />;
      case 'score':
        return <Score file={file} title={title} />;
      case 'film':
        return <Film file={file} title={title} />;
      case 'motion':
        return <MotionFile item={item} file={file} />;
      case 'text':
      case 'json':
      case 'csv':
        return <Read file={file} kind={kind} title={title} />;
      default:
        return (
          <Sentence>
            <FileIcon size={32} strokeWidth={1.25} aria-hidden />
            <span>{t('file.other', { name: file.name, media: file.media })}</span>
          </Sentence>
        );
    }
  if (kind === 'value') return <Value item={item} />;
  if (output.problem) return <Sentence>{output.problem}</Sentence>;
  return <Json value={output.value} title={title} />;
}

/** A value that is JSON. */
export function Json({ value, title }: { value: unknown; title: string }) {
  if (typeof value === 'string') return <TextView text={value} title={title} />;
  if (typeof value === 'number' || typeof value === 'boolean') return <Single value={value} />;
  if (Array.isArray(value) && value.length && value.every((one) => typeof one === 'number'))
    return <Numbers values={value} title={title} />;
  if (isMotion(value)) return <Motion source={value} title={title} sounds={[]} />;
  const table = tableOf(value);
  return table ? (
    <TableView table={table} value={value} title={title} />
  ) : (
    <JsonTree value={value} title={title} />
  );
}

/** A file that is text. */
function Read({ file, kind, title }: { file: File; kind: string; title: string }) {
  const { t } = useTranslation('viewers');
  const words = useWords();
  const { data, error } = useText(file.asset, file.bytes);
  if (error) return <Sentence>{words(error)}</Sentence>;
  if (!data) return <Sentence>{t('loading')}</Sentence>;
  const json = kind === 'json' && !data.cut ? jsonOf(data.text) : undefined;
  if (json !== undefined) return <Json value={json} title={title} />;
  const table = kind === 'csv' && !data.cut ? parseCsv(data.text) : null;
  if (table) return <TableView table={table} title={title} />;
  return <TextView text={data.text} title={title} cut={data.cut} mono={kind !== 'text'} />;
}

/** What a text says as JSON; undefined if it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
