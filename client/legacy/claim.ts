import type { Here } from '../account/here';
import { isBag, isText } from '../platform/text';

/** Which child of the former version this account has taken over. */
export interface Claim {
  child: string;
  verified: boolean;
  /** Of the old keys when the move was verified. */
  print?: string;
}

export const CLAIM = 'migration';

const isClaim = (value: unknown): value is Claim => isBag(value) && isText(value.child);

export const claimOf = ({ storage }: Pick<Here, 'storage'>): Claim | null => storage.read(CLAIM, isClaim);

/** As the former version called the child that it was last used by. */
export const childOf = ({ phone: { wx } }: Pick<Here, 'phone'>): string => String(wx.getStorageSync('currentUserId') || 'nobody');
