/** What the first bytes of a picture say: its size, its channels and their bits. */

export interface PictureFacts {
  width: number;
  height: number;
  /** `L`, `LA`, `P`, `RGB`, `RGBA`, `CMYK`, `YCbCr`. */
  mode: string;
  bits: number;
}

const PNG_MODES: Readonly<Record<number, string>> = {
  0: 'L',
  2: 'RGB',
  3: 'P',
  4: 'LA',
  6: 'RGBA',
};

const text = (bytes: Uint8Array, at: number, count: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + count));

/** Facts of a PNG, JPEG, WebP or GIF; null if they are not in these bytes. */
export function pictureFacts(bytes: Uint8Array): PictureFacts | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (text(bytes, 1, 3) === 'PNG' && text(bytes, 12, 4) === 'IHDR')
      return {
        width: view.getUint32(16),
        height: view.getUint32(20),
        bits: view.getUint8(24),
        mode: PNG_MODES[view.getUint8(25)] ?? '?',
      };
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpeg(view);
    if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 4) === 'WEBP') return webp(bytes, view);
    if (text(bytes, 0, 3) === 'GIF')
      return {
        width: view.getUint16(6, true),
        height: view.getUint16(8, true),
        mode: 'P',
        bits: 8,
      };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

/** Up to the frame header: the only marker of the SOF kind that is none are C4, C8 and CC. */
function jpeg(view: DataView): PictureFacts {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const channels = view.getUint8(at + 9);
      return {
        bits: view.getUint8(at + 4),
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        mode: channels === 1 ? 'L' : channels === 4 ? 'CMYK' : 'YCbCr',
      };
    }
  }
}

function webp(bytes: Uint8Array, view: DataView): PictureFacts | null {
  const form = text(bytes, 12, 4);
  const three = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (form === 'VP8X')
    return {
      width: three(24) + 1,
      height: three(27) + 1,
      mode: view.getUint8(20) & 0x10 ? 'RGBA' : 'RGB',
      bits: 8,
    };
  if (form === 'VP8L') {
    const packed = view.getUint32(21, true);
    return {
      width: (packed & 0x3fff) + 1,
      height: ((packed >>> 14) & 0x3fff) + 1,
      mode: packed & (1 << 28) ? 'RGBA' : 'RGB',
      bits: 8,
    };
  }
  if (form !== 'VP8 ') return null;
  return {
    width: view.getUint16(26, true) & 0x3fff,
    height: view.getUint16(28, true) & 0x3fff,
    mode: 'YCbCr',
    bits: 8,
  };
}
