import type { Wx } from '../types';

/** Whether the phone has a network, as far as is known. A hint: nothing is left undone for it. */
export interface Network {
  isOnline(): boolean;
  /** A call was answered: there is one, whatever the phone said. */
  answered(): void;
}

/** Follows what the phone says, and believes an answered call more. `changed` is called with true when the network is back. */
export function watchNetwork(wx: Wx, changed: (isBack: boolean) => void): Network {
  let online = true;
  const tell = (next: boolean): void => {
    if (next === online) return;
    online = next;
    changed(next);
  };
  wx.getNetworkType?.({ success: ({ networkType }) => tell(networkType !== 'none') });
  wx.onNetworkStatusChange?.(({ isConnected }) => tell(isConnected));
  return { isOnline: () => online, answered: () => tell(true) };
}
