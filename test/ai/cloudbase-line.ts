import https from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * Leads the SDK's connections to CloudBase's gateway to a port of this machine: the SDK takes the address of the gateway from nowhere else.
 * Returns what takes this back.
 */
export function leadCloudbaseTo(port: number): () => void {
  const before = https.globalAgent;
  class Line extends https.Agent {
    override createConnection(
      options: https.RequestOptions,
      callback?: (error: Error | null, stream: Duplex) => void,
    ): Duplex | null | undefined {
      if (!String(options.host).endsWith('.api.tcloudbasegateway.com')) throw new Error(`${options.host} is outside of the test`);
      return super.createConnection({ ...options, host: '127.0.0.1', port, rejectUnauthorized: false }, callback);
    }
  }
  https.globalAgent = new Line();
  return () => {
    https.globalAgent = before;
  };
}
