import type { Device } from './device';
import { paint } from './files';
import oldData from './old-data.json';

/** Puts onto this phone what the former version would have left there: of its two pictures, one file still exists. */
export async function putOldData(device: Device): Promise<void> {
  device.hold(await paint(), 'http://tmp/kite.png');
  device.store({ ...oldData, currentUserId: 'u_1731000000000', dataMigrated: null });
  device.restart();
}
