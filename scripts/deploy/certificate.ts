import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../build/files';
import type { Settings } from './settings';

/** The file of each bundle that DB_CA becomes: in the variables it would take half of the 4,096 bytes that a function may have. */
const FILE = 'database-ca.pem';

export interface Certificate {
  /** Null when the connection is not encrypted. */
  pem: string | null;
  problem: string | null;
}

/** DB_CA: PEM in one line, or `./path` of a PEM file in this project. */
export function readCertificate(root: string, { DB_CA: value = '' }: Settings): Certificate {
  if (value === '') return { pem: null, problem: null };
  let pem: string;
  try {
    pem = value.startsWith('./') ? readFileSync(join(root, value), 'utf8') : value.replaceAll('\\n', '\n');
  } catch {
    return { pem: null, problem: 'DB_CA names a file that cannot be read' };
  }
  try {
    new X509Certificate(pem);
    return { pem, problem: null };
  } catch {
    return { pem: null, problem: 'DB_CA is no certificate: PEM in one line with \\n for line breaks, or ./path of a PEM file' };
  }
}

/** The settings as the functions get them: the certificate by the name of its file. */
export const deployedSettings = (given: Settings): Settings => (given.DB_CA ? { ...given, DB_CA: `./${FILE}` } : given);

/** Puts the certificate beside each bundle. */
export async function writeCertificate(folders: readonly string[], { pem }: Certificate): Promise<void> {
  if (pem !== null) await Promise.all(folders.map((folder) => writeWhole(join(folder, FILE), pem)));
}
