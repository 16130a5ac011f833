import type { Here } from '../account/here';
import { GrowthDiaryError, invalid } from '../platform/error';
import { showable } from '../platform/picture';
import { isBag, randomName } from '../platform/text';
import type { GrowthDiary, UploadOptions, Wx } from '../types';

const MAX_BYTES = 10 * 1_024 * 1_024;

interface UploadTask {
  onProgressUpdate(listener: (progress: { progress: number }) => void): void;
}

const isTask = (value: unknown): value is UploadTask => isBag(value) && typeof value.onProgressUpdate === 'function';

/** Bytes of a file on the phone; null when it does not exist. Where the phone cannot tell, the upload finds out. */
const sizeOfFile = (wx: Wx, filePath: string): Promise<number | null> =>
  new Promise((resolve) => {
    const files = wx.getFileSystemManager?.();
    if (!files) return resolve(0);
    files.getFileInfo({ filePath, success: ({ size }) => resolve(size), fail: () => resolve(null) });
  });

/** Uploads one picture to the child's own folder, the only place from which the server accepts pictures. The same name is the same picture. */
export async function uploadImage(
  { account, phone: { wx, random } }: Here,
  tempPath: string,
  { onProgress, name = randomName(16, random) }: UploadOptions & { name?: string },
): Promise<string> {
  if ((await sizeOfFile(wx, tempPath)) === null) throw invalid('tempPath', '图片已不在手机上，请重新选择');
  const { path, extension } = await showable(wx, tempPath);
  const size = (await sizeOfFile(wx, path)) ?? 0;
  if (size > MAX_BYTES) throw invalid('tempPath', '图片不能超过 10 MB');
  const { cloud } = wx;
  if (!cloud) throw new GrowthDiaryError('UNAVAILABLE', { message: '当前环境不能上传图片' });
  return new Promise((resolve, reject) => {
    const task = cloud.uploadFile({
      cloudPath: `users/${account.userId}/${name}.${extension}`,
      filePath: path,
      success: ({ fileID }) => resolve(fileID),
      fail: () => reject(new GrowthDiaryError('UNAVAILABLE', { message: '图片上传失败，请稍后再试' })),
    });
    if (onProgress && isTask(task)) task.onProgressUpdate(({ progress }) => onProgress(progress));
  });
}

export const imageApi = (enter: () => Promise<Here>): GrowthDiary['image'] => ({
  upload: async (tempPath, options = {}) => uploadImage(await enter(), tempPath, options),
});
