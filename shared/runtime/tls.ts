/** How the connection to MySQL is encrypted, and how the server's certificate is verified. */
export type DatabaseTls = { mode: 'off' } | { mode: 'verify-ca' | 'verify-identity'; ca: string };

/**
 * The driver's `ssl` options. Without them the driver uses plain text even when the server offers TLS. `verify-ca` accepts any host name, because
 * certificates of managed databases often do not contain the name that a client inside the network uses.
 */
export const sslOptions = (tls: DatabaseTls): { ssl?: { ca: string; minVersion: 'TLSv1.2'; verifyIdentity: boolean } } =>
  tls.mode === 'off' ? {} : { ssl: { ca: tls.ca, minVersion: 'TLSv1.2', verifyIdentity: tls.mode === 'verify-identity' } };
