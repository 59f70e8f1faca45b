import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/query';
import { useRun } from '@/state/runs';
import { shortText, useValue } from '@/state/runs/values';
import { openRun } from '@/state/runs/queue';
import { Button } from '@/ui/Button';
import { readStart } from './bytes';
import { kindOf, type File } from './kinds';
import { closeViewer, type ViewerItem } from './open';
import { pictureFacts } from './picture/headers';
import { placeIn } from './places';
import css from './Viewer.module.css';

type Line = readonly [name: string, value: string, mono?: boolean];

/** How much of a file is read to learn what its header says: thumbnails may stand before it. */
const HEADER = 1 << 17;

const usePictureFacts = (file: File | undefined, wanted: boolean) =>
  useQuery(
    {
      queryKey: ['header', file?.asset],
      queryFn: async () => pictureFacts(await readStart(file!.asset, HEADER)),
      enabled: wanted && !!file,
      staleTime: Infinity,
    },
    queries,
  ).data;

/** What is known of what is looked at. */
export function Facts({ item }: { item: ViewerItem }) {
  const { t, i18n } = useTranslation('viewers');
  const file = item.output.files[0];
  const picture = usePictureFacts(file, kindOf(item) === 'picture');
  const run = useRun(item.runId ?? '');
  const { data } = useValue(placeIn(item));
  const part =
    data?.parts.find((one) => one.files.some((own) => own.asset === file?.asset)) ?? data?.parts[0];
  const bytes = (count: number): string => {
    const unit = Math.min(3, Math.floor(Math.log2(Math.max(1, count)) / 10));
    return new Intl.NumberFormat(i18n.language, {
      style: 'unit',
      unit: ['byte', 'kilobyte', 'megabyte', 'gigabyte'][unit]!,
      maximumFractionDigits: unit ? 1 : 0,
    }).format(count / 1024 ** unit);
  };
  const about: Line[] = [
    ...(picture
      ? ([
          [t('facts.size'), `${picture.width} × ${picture.height}`],
          [t('facts.mode'), picture.mode],
          [t('facts.bits'), t('facts.bitsEach', { count: picture.bits })],
        ] as Line[])
      : []),
    ...(file
      ? ([
          [t('facts.media'), file.media],
          ...(file.bytes ? ([[t('facts.bytes'), bytes(file.bytes)]] as Line[]) : []),
          [t('facts.name'), file.name],
          [t('facts.digest'), file.asset, true],
        ] as Line[])
      : []),
  ];
  const value: Line[] = part
    ? [
        [t('facts.type'), part.type],
        ...Object.entries(part.facts).map(([name, found]): Line => [name, shortText(found) ?? '–']),
        ...part.tensors.map((one): Line => [
          one.name,
          `${one.shape.join(' × ')} ${one.dtype}, ${one.device}; ${shortText(one.min) ?? '–'} … ${shortText(one.max) ?? '–'}`,
        ]),
      ]
    : [];
  const made: Line[] = [
    ...(run ? ([[t('facts.workflow'), run.name || t('facts.untitled')]] as Line[]) : []),
    ...(run?.finished
      ? ([
          [
            t('facts.time'),
            new Date(run.finished * 1000).toLocaleString(i18n.language, {
              dateStyle: 'medium',
              timeStyle: 'medium',
            }),
          ],
        ] as Line[])
      : []),
    ...(item.node ? ([[t('facts.node'), `${item.node}.${item.port ?? ''}`, true]] as Line[]) : []),
    ...(item.runId ? ([[t('facts.run'), item.runId, true]] as Line[]) : []),
  ];
  return (
    <aside className={css.facts} aria-label={t('facts.title')} tabIndex={0}>
      <List title={t('facts.file')} lines={about} />
      <List title={t('facts.value')} lines={value} />
      <List title={t('facts.made')} lines={made} />
      {item.runId && (
        <Button
          onClick={() => {
            closeViewer();
            void openRun(item.runId!);
          }}
        >
          {t('openWorkflow')}
        </Button>
      )}
      {!about.length && !value.length && !made.length && <p>{t('facts.none')}</p>}
    </aside>
  );
}

function List({ title, lines }: { title: string; lines: readonly Line[] }) {
  if (!lines.length) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {lines.map(([name, value, mono]) => (
          <Pair key={name} name={name} value={value} mono={mono} />
        ))}
      </dl>
    </section>
  );
}

const Pair = ({
  name,
  value,
  mono,
}: {
  name: string;
  value: string;
  mono: boolean | undefined;
}) => (
  <>
    <dt>{name}</dt>
    <dd data-mono={mono}>{value}</dd>
  </>
);
