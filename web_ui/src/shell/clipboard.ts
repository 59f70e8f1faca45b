/** What is on the system's clipboard: text, or pictures as files. */

const ENDINGS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/svg+xml': 'svg' };

const fileOf = (blob: Blob): File => {
  const ending = ENDINGS[blob.type] ?? blob.type.slice('image/'.length);
  return new File([blob], `pasted.${ending}`, { type: blob.type });
};

export async function readClipboard(): Promise<{ text: string; files: File[] }> {
  // Not every browser gives more than text.
  if (!navigator.clipboard.read) return { text: await navigator.clipboard.readText(), files: [] };
  const items = await navigator.clipboard.read();
  const texts: string[] = [];
  const files: File[] = [];
  for (const item of items) {
    const picture = item.types.find((type) => type.startsWith('image/'));
    if (item.types.includes('text/plain'))
      texts.push(await (await item.getType('text/plain')).text());
    else if (picture) files.push(fileOf(await item.getType(picture)));
  }
  return { text: texts.join('\n'), files };
}
