import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import { requireActive } from '../database/account';
import { imageFolder } from '../diary/images';
import { config } from '../runtime/config';
import { requireConsent } from '../runtime/consent';
import type { UserContext } from '../runtime/context';
import type { UploadUrl, uploadUrl } from './contract';

/** Long enough for 10 MB over a slow network. */
const UPLOAD_SECONDS = 600;

/**
 * Where a phone uploads a picture. With CloudBase storage the phone uploads to its own folder, where only the creator may write. With COS it gets a
 * signed link for one PUT of this type and size; the server chooses the path. CONSENT_REQUIRED without a guardian's consent to pictures.
 */
export async function signUpload(ctx: UserContext, { contentType, bytes }: z.output<typeof uploadUrl.input>): Promise<UploadUrl> {
  await requireActive(ctx.db, ctx);
  await requireConsent(ctx, { images: [contentType] });
  const folder = imageFolder(ctx.userId);
  if (config().storage.kind === 'cloudbase') return { storage: 'cloudbase', folder };
  const { cosFileId, pictureTypes, signedUpload } = await import('../storage/cos');
  const path = `${folder}${ctx.today.slice(0, 7)}/${randomBytes(16).toString('hex')}${pictureTypes[contentType]}`;
  const url = await signedUpload(path, { 'content-type': contentType, 'content-length': String(bytes) }, UPLOAD_SECONDS);
  return {
    storage: 'cos',
    fileId: cosFileId(path),
    url,
    headers: { 'content-type': contentType },
    expiresAt: new Date(Date.now() + UPLOAD_SECONDS * 1_000).toISOString(),
  };
}
