import type { Wx } from '../types';

/** What the phone says of its network; without a word, that there is one. `back` is called when it returns. */
export function watchNetwork(wx: Wx, changed: (isBack: boolean) => void): () => boolean {
  let online = true;
  const tell = (next: boolean): void => {
    if (next === online) return;
    online = next;
    changed(next);
  };
  wx.getNetworkType?.({ success: ({ networkType }) => tell(networkType !== 'none') });
  wx.onNetworkStatusChange?.(({ isConnected }) => tell(isConnected));
  return () => online;
}
