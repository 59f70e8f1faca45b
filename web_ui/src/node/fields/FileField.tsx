import {
  AudioLines,
  Brush,
  File as FileIcon,
  Film,
  FolderOpen,
  ImageIcon,
  Upload,
  X,
} from 'lucide-react';
import { useRef, useState, type ClipboardEvent, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { assetValue, uploadAsset } from '@/api/assets';
import { thumbnailUrl } from '@/api/client';
import type { Json } from '@/core/document';
import { acceptedFiles } from '@/core/fields';
import { reasonOf } from '@/i18n/said';
import { say } from '@/state/notices';
import { openViewer } from '@/viewers/open';
import css from './FileField.module.css';
import type { FieldProps } from './types';

interface Held {
  asset?: string;
  file?: string;
  name?: string;
  media?: string;
}

const isHeld = (value: Json | undefined): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The files at an input: one, or a list for each of which the node is called. */
const heldIn = (value: Json | undefined): readonly Held[] =>
  (Array.isArray(value) ? value : [value]).filter(isHeld) as Held[];

const nameOf = (held: Held): string =>
  held.name ?? held.file?.split('/').at(-1) ?? held.asset?.slice(0, 16) ?? '';

/** A file: chosen, dropped or pasted; the server takes it in. */
export function FileField(props: FieldProps) {
  const { port, value, area, disabled, labelId, onChange, onDone, onPaint } = props;
  const { t } = useTranslation('fields');
  const chooser = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState(false);
  const [over, setOver] = useState(false);
  const all = heldIn(value);
  const held = all[0];
  const named = held && (all.length > 1 ? t('file.several', { number: all.length }) : nameOf(held));

  const take = async (file: File | undefined): Promise<void> => {
    if (!file || disabled) return;
    setSending(true);
    try {
      onChange(assetValue(await uploadAsset(file)));
      onDone();
    } catch (error) {
      const reason = reasonOf(error);
      say({ kind: 'error', key: 'fields:file.failed', args: { name: file.name, reason } });
    } finally {
      setSending(false);
    }
  };
  const drag = {
    onDragOver(event: DragEvent) {
      if (disabled || !event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      event.stopPropagation();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop(event: DragEvent) {
      setOver(false);
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      void take(event.dataTransfer.files[0]);
    },
    onPaste(event: ClipboardEvent) {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      void take(event.clipboardData.files[0]);
    },
  };
  const open = (): void => chooser.current?.click();
  // A row has no room for all that can be done with a file.
  const asked = area === 0 ? 'file.choose' : 'file.ask';
  return (
    <div
      className={`nodrag nokey ${css.file}`}
      style={area ? { height: area } : undefined}
      role="group"
      aria-labelledby={labelId}
      aria-busy={sending || undefined}
      data-over={over || undefined}
      data-empty={!held || undefined}
      data-flat={area === 0 || undefined}
      tabIndex={disabled ? -1 : 0}
      onKeyDown={(event) => {
        // Ctrl+V is a paste of the field's own; it comes as an event.
        const paste = (event.ctrlKey || event.metaKey) && event.code === 'KeyV';
        if (paste) event.stopPropagation();
        if (event.target !== event.currentTarget) return;
        if (event.key === 'Enter' || event.key === ' ') open();
        else if (!disabled && held && (event.key === 'Delete' || event.key === 'Backspace'))
          onChange(undefined);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onBlur={onDone}
      {...drag}
    >
      <input
        ref={chooser}
        type="file"
        hidden
        accept={acceptedFiles(port.type)}
        aria-hidden
        tabIndex={-1}
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {held ? (
        <>
          <button
            type="button"
            className={css.look}
            aria-label={t('file.look', { name: named })}
            onClick={() => lookAt(all)}
          >
            <Picture held={held} />
          </button>
          <div className={css.strip}>
            <span className={css.name} title={all.map(nameOf).join('\n')}>
              {named}
            </span>
            {onPaint && all.length === 1 && (
              <Paint onPaint={() => onPaint(value)} disabled={disabled} />
            )}
            <button
              type="button"
              title={t('file.replace')}
              aria-label={t('file.replace')}
              disabled={disabled}
              onClick={open}
            >
              <FolderOpen size={13} aria-hidden />
            </button>
            <button
              type="button"
              title={t('file.clear')}
              aria-label={t('file.clear')}
              disabled={disabled}
              onClick={() => {
                onChange(undefined);
                onDone();
              }}
            >
              <X size={13} aria-hidden />
            </button>
          </div>
        </>
      ) : (
        <>
          <button type="button" className={css.ask} disabled={disabled} onClick={open}>
            <Upload size={16} aria-hidden />
            <span title={t('file.ask')}>{t(sending ? 'file.sending' : asked)}</span>
          </button>
          {onPaint && (
            <span className={css.corner}>
              <Paint onPaint={() => onPaint(value)} disabled={disabled} />
            </span>
          )}
        </>
      )}
    </div>
  );
}

function Paint({ onPaint, disabled }: { onPaint(): void; disabled: boolean }) {
  const { t } = useTranslation('fields');
  return (
    <button
      type="button"
      title={t('file.paint')}
      aria-label={t('file.paint')}
      disabled={disabled}
      onClick={onPaint}
    >
      <Brush size={13} aria-hidden />
    </button>
  );
}

/** Large, in a viewer; how long a file is its value does not say. */
const lookAt = (all: readonly Held[]): void => {
  const items = all.flatMap((held) => {
    const { asset, media = 'application/octet-stream' } = held;
    if (!asset) return [];
    const file = { asset, name: nameOf(held), media, bytes: 0, identity: asset };
    const output = { identity: asset, value: null, files: [file], problem: null };
    return [{ title: nameOf(held), output }];
  });
  if (items.length) openViewer(items);
};

/** What can be seen of a file. */
function Picture({ held }: { held: Held }) {
  const [failed, setFailed] = useState<string | null>(null);
  const media = held.media ?? '';
  if (held.asset && media.startsWith('image/') && failed !== held.asset)
    return (
      <img
        className={css.picture}
        src={thumbnailUrl(held.asset, 512)}
        alt={nameOf(held)}
        draggable={false}
        onError={() => setFailed(held.asset!)}
      />
    );
  const Icon = media.startsWith('audio/')
    ? AudioLines
    : media.startsWith('video/')
      ? Film
      : media.startsWith('image/')
        ? ImageIcon
        : FileIcon;
  return (
    <span className={css.icon}>
      <Icon size={20} strokeWidth={1.5} aria-hidden />
    </span>
  );
}
