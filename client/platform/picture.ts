import type { Wx } from '../types';
import { invalid } from './error';

/** What can be shown everywhere. `heic` is what an iPhone's camera writes: it has to be converted. */
type PictureType = 'jpg' | 'png' | 'gif' | 'webp' | 'heic';

const HEAD_BYTES = 16;
const EXTENSION = /\.(jpe?g|png|gif|webp|hei[cf])(?:[?#].*)?$/i;

const text = (head: Uint8Array, from: number, to: number): string => String.fromCharCode(...Array.from(head.slice(from, to)));

function typeOfHead(head: Uint8Array): PictureType | null {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpg';
  if (head[0] === 0x89 && text(head, 1, 4) === 'PNG') return 'png';
  if (text(head, 0, 4) === 'GIF8') return 'gif';
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 12) === 'WEBP') return 'webp';
  return text(head, 4, 8) === 'ftyp' && /^(hei|hev|mif|msf|avif)/.test(text(head, 8, 12)) ? 'heic' : null;
}

/** The first bytes of a file; null where this phone cannot read them. */
const headOf = (wx: Wx, filePath: string): Promise<Uint8Array | null> =>
  new Promise((resolve) => {
    const files = wx.getFileSystemManager?.();
    if (!files?.readFile) return resolve(null);
    files.readFile({
      filePath,
      position: 0,
      length: HEAD_BYTES,
      success: ({ data }) => resolve(typeof data === 'string' ? null : new Uint8Array(data)),
      fail: () => resolve(null),
    });
  });

/** By the first bytes: `wxfile://tmp_1234` and `.unknown` have no name that says it. By the name only where the phone cannot read. */
async function typeOf(wx: Wx, path: string): Promise<PictureType | null> {
  const head = await headOf(wx, path);
  if (head) return typeOfHead(head);
  const extension = EXTENSION.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return null;
  return extension === 'jpeg' ? 'jpg' : extension.startsWith('hei') ? 'heic' : (extension as PictureType);
}

const compressed = (wx: Wx, src: string): Promise<string | null> =>
  new Promise((resolve) => {
    if (!wx.compressImage) return resolve(null);
    wx.compressImage({ src, quality: 90, success: ({ tempFilePath }) => resolve(tempFilePath), fail: () => resolve(null) });
  });

/** A picture that can be shown everywhere: as it is, or converted. Throws INVALID_INPUT with what the user can do. */
export async function showable(wx: Wx, tempPath: string): Promise<{ path: string; extension: string }> {
  const type = await typeOf(wx, tempPath);
  if (type === null) throw invalid('tempPath', '只支持 jpg、png、gif、webp 图片');
  if (type !== 'heic') return { path: tempPath, extension: type };
  const path = await compressed(wx, tempPath);
  const converted = path === null ? null : await typeOf(wx, path);
  if (path === null || converted === null || converted === 'heic')
    throw invalid('tempPath', '这种照片打不开，请截图后再选，或把相机格式改为“兼容性最佳”');
  return { path, extension: converted };
}
