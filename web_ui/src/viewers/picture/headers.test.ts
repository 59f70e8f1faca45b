import { describe, expect, it } from 'vitest';
import { encodeGrey } from '../mask/png';
import { pictureFacts } from './headers';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

describe('the header of a picture (M1)', () => {
  it('tells size, mode and depth of a PNG', async () => {
    const grey = await encodeGrey(3, 2, new Uint8Array(6));
    expect(pictureFacts(grey)).toEqual({ width: 3, height: 2, mode: 'L', bits: 8 });
    const deep = bytes('89504e470d0a1a0a0000000d494844520000000500000007100600000000000000');
    expect(pictureFacts(deep)).toEqual({ width: 5, height: 7, mode: 'RGBA', bits: 16 });
  });

  it('finds the frame of a JPEG behind what stands before it', () => {
    const jpeg = bytes('ffd8ffe000040000ffc4000401c0ffc000110800640140030122000211010311010000');
    expect(pictureFacts(jpeg)).toEqual({ width: 320, height: 100, mode: 'YCbCr', bits: 8 });
  });

  it('reads all three kinds of WebP, and GIF', () => {
    const head = '524946460000000057454250';
    expect(pictureFacts(bytes(`${head}565038580a00000010000000130000630000`))).toEqual({
      width: 20,
      height: 100,
      mode: 'RGBA',
      bits: 8,
    });
    expect(pictureFacts(bytes(`${head}5650384c000000002f13401810`))).toEqual({
      width: 20,
      height: 98,
      mode: 'RGBA',
      bits: 8,
    });
    expect(pictureFacts(bytes('474946383961140064000000'))?.width).toBe(20);
  });

  it('knows nothing of what is cut off or something else', () => {
    expect(pictureFacts(bytes('ffd8ffe0ffff'))).toBeNull();
    expect(pictureFacts(new TextEncoder().encode('hello, this is text'))).toBeNull();
  });
});
