import { fieldError } from '../errors';
import { config } from '../runtime/config';

/** Where a user's own pictures lie in cloud storage. */
export const imageFolder = (userId: number): string => `users/${userId}/`;

/** In COS only our own bucket counts: our key could sign links into others of the same account. */
const isOwnFile = (userId: number, url: string): boolean => {
  const [, scheme, bucket, path] = /^(cloud|cos):\/\/([\w.-]+)\/(.+)$/.exec(url) ?? [];
  const { storage } = config();
  if (scheme === 'cos' && !(storage.kind === 'cos' && bucket === storage.bucket)) return false;
  return path?.startsWith(imageFolder(userId)) === true && !path.split('/').includes('..');
};

const isAllowedLink = (url: string): boolean => {
  // What URL would tidy up, others may read as another host.
  if (/[\s\\@]/.test(url) || !URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:' || port !== '') return false;
  return config().imageHosts.some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host));
};

/** A picture is a file of the user's own folder in cloud storage, or a link on an allowed host; a phone's temporary path is neither. */
export function requireOwnImage(userId: number, url: string, path: string): void {
  if (/^(wxfile:\/\/|https?:\/\/(tmp|usr|store)\/)/i.test(url)) throw fieldError(path, '这是临时文件，请先上传图片');
  if (!isOwnFile(userId, url) && !isAllowedLink(url)) throw fieldError(path, '图片地址不可用，请先上传图片');
}
