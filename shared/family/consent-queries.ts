import type { Account } from '../database/account';
import * as call from '../database/procedures';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';

export const postConsent = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  given: { version: string; relation: string; ai: boolean; pictures: boolean },
  now: Date,
): Promise<unknown> => call.postConsent(db, { userId, epoch, ...request, ...given, now });
