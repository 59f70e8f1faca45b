/** What is looked at, into the clipboard: pictures as pictures, values and texts as text. */

import { say } from '@/state/notices';
import { readBlob, readStart, MOST_TEXT } from './bytes';
import { kindOf } from './kinds';
import type { ViewerItem } from './open';
import { tableOf, toTsv } from './text/table';

const asPng = async (asset: string): Promise<Blob> => {
  const blob = await readBlob(asset);
  if (blob.type === 'image/png') return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
};

export const valueText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const table = tableOf(value);
  return table ? toTsv(table) : JSON.stringify(value, null, 2);
};

export async function copyItem(item: ViewerItem): Promise<void> {
  const file = item.output.files[0];
  const kind = kindOf(item);
  try {
    if (file && kind === 'picture')
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': asPng(file.asset) })]);
    else if (file && (kind === 'text' || kind === 'json' || kind === 'csv'))
      await copyText(new TextDecoder().decode(await readStart(file.asset, MOST_TEXT)), true);
    else if (file) await copyText(file.name, true);
    else await copyText(valueText(item.output.value), true);
    say({ kind: 'success', key: 'viewers:copied' });
  } catch {
    say({ kind: 'error', key: 'viewers:notCopied' });
  }
}

export async function copyText(text: string, quiet = false): Promise<void> {
  await navigator.clipboard.writeText(text);
  if (!quiet) say({ kind: 'success', key: 'viewers:copied' });
}
