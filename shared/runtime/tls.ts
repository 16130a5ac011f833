/** How the connection to MySQL is encrypted, and what of the server's certificate is checked. */
export type DatabaseTls = { mode: 'off' } | { mode: 'verify-ca' | 'verify-identity'; ca: string };

/**
 * The driver's `ssl` options. Without them it talks plain text even to a server that offers TLS. `verify-ca` accepts any host name: the
 * certificates of managed databases often name none that a client inside the network uses.
 */
export const sslOptions = (tls: DatabaseTls): { ssl?: { ca: string; minVersion: 'TLSv1.2'; verifyIdentity: boolean } } =>
  tls.mode === 'off' ? {} : { ssl: { ca: tls.ca, minVersion: 'TLSv1.2', verifyIdentity: tls.mode === 'verify-identity' } };
