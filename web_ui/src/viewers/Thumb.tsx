import { Braces, File as FileIcon, Film, Music, PersonStanding } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { thumbnailUrl, type Schemas } from '@/api/client';
import { usePeaks } from './audio/peaks';
import { pathOf } from './audio/wave';
import { useText } from './bytes';
import { kindOfFile, kindOfValue, type File } from './kinds';
import { Notes } from './score/Notes';
import css from './Thumb.module.css';

interface Props {
  output: Schemas['Output'];
  /** The longer side as it is shown, in pixels: pictures come at most twice as large. */
  size: number;
}

/** What came out, small: a picture, an outline of a sound, the beginning of a text. */
export function Thumb({ output, size }: Props) {
  const file = output.files[0];
  if (file) return <OfFile file={file} size={size} />;
  if (output.value === null || output.value === undefined) return <Icon of={FileIcon} />;
  return <OfValue value={output.value} />;
}

/** A file, small. */
export function OfFile({ file, size }: { file: File; size: number }) {
  switch (kindOfFile(file)) {
    case 'picture':
      return <Small file={file} size={size} />;
    case 'sound':
      return <Outline asset={file.asset} size={size} />;
    case 'score':
      return <Notes asset={file.asset} />;
    case 'film':
      return <Icon of={Film} name={file.name} />;
    case 'motion':
      return <Icon of={PersonStanding} name={file.name} />;
    case 'text':
    case 'csv':
    case 'json':
      return <Beginning file={file} />;
    default:
      return <Icon of={FileIcon} name={file.name} />;
  }
}

const sizeOf = (shown: number): number =>
  Math.min(1024, Math.max(64, Math.ceil((shown * 2) / 64) * 64));

function Small({ file, size }: { file: File; size: number }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <Icon of={FileIcon} name={file.name} />;
  return (
    <img
      className={css.picture}
      src={thumbnailUrl(file.asset, sizeOf(size))}
      alt=""
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
    />
  );
}

function Outline({ asset, size }: { asset: string; size: number }) {
  const { data } = usePeaks(asset, 256);
  if (!data?.minima[0]) return <Icon of={Music} />;
  const width = Math.min(256, Math.max(32, Math.round(size / 2)));
  return (
    <svg
      className={css.sound}
      viewBox={`0 0 ${width} 40`}
      preserveAspectRatio="none"
      data-outline
      aria-hidden
    >
      <path d={pathOf({ minima: data.minima[0], maxima: data.maxima[0]! }, width, 40)} />
    </svg>
  );
}

/** Larger texts are not read for a few lines of them. */
const MOST_BYTES = 1 << 20;
const MOST_LETTERS = 400;

function Beginning({ file }: { file: File }) {
  const { data } = useText(file.bytes <= MOST_BYTES ? file.asset : null, file.bytes);
  if (!data) return <Icon of={Braces} name={file.name} />;
  return <span className={css.text}>{data.text.slice(0, MOST_LETTERS)}</span>;
}

function OfValue({ value }: { value: unknown }) {
  const { t } = useTranslation('viewers');
  switch (kindOfValue(value)) {
    case 'text':
      return <span className={css.text}>{(value as string).slice(0, MOST_LETTERS)}</span>;
    case 'number':
      return <span className={css.number}>{String(Number((value as number).toPrecision(6)))}</span>;
    case 'motion':
      return <Icon of={PersonStanding} />;
    default:
      if (typeof value === 'boolean')
        return <span className={css.number}>{t(value ? 'true' : 'false')}</span>;
      return <span className={css.text}>{JSON.stringify(value).slice(0, MOST_LETTERS)}</span>;
  }
}

function Icon({ of: Of, name }: { of: typeof FileIcon; name?: string }) {
  return (
    <span className={css.icon}>
      <Of size={20} strokeWidth={1.5} aria-hidden />
      {name && <span>{name}</span>}
    </span>
  );
}
