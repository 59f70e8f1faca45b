/** Whether a file that is dropped brings a workflow; loaded when the first one is. */

import type { Asset } from '@/api/assets';

const WORD = new TextEncoder().encode('musegraph');

/** More bytes than facts take: in a larger file they stand in the first or the last of these. */
const ENDS = 20 * 2 ** 20;

/** Whether the word that marks an embedded workflow stands in a file, so that it pays to ask. */
export const mayCarry = async (file: Blob, asset: Asset): Promise<boolean> =>
  isMedia(asset) &&
  (file.size <= 2 * ENDS
    ? hasWord(file)
    : (await hasWord(file.slice(0, ENDS))) || hasWord(file.slice(-ENDS)));

/** What a run saves with its workflow inside. */
const isMedia = ({ media, name }: Asset): boolean =>
  /^(?:image|audio|video)\//.test(media) || /\.(?:glb|mid|midi|mov|mp4)$/i.test(name);

const hasWord = async (file: Blob): Promise<boolean> => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  for (let at = bytes.indexOf(WORD[0]!); at >= 0; at = bytes.indexOf(WORD[0]!, at + 1))
    if (WORD.every((byte, place) => bytes[at + place] === byte)) return true;
  return false;
};
