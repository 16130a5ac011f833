import { fileURLToPath } from 'node:url';
import type { Connection } from 'mysql2/promise';
import { checkMigrator, checkRuntime } from './check-database/accounts';
import { checkFeatures } from './check-database/features';
import { type Finding, formatFindings, isReady, missing, reasonOf } from './check-database/finding';
import { checkProxy } from './check-database/proxy';
import { openScratch } from './check-database/scratch';
import { checkCharset, checkModes, checkPasswordPolicy, checkRoom, checkTls, checkVersion } from './check-database/server';
import { runCommand, wholeNumber } from './command';
import { connectTo, migrationTargetFrom, type Target, targetFrom } from './database';
import { readSettings } from './deploy/settings';
import { databaseEnvironment } from './local-database';

const usage = `Checks whether a database can carry this product. Creates throw-away objects and removes them; changes nothing that stays.

  npm run check:database -- --mode production    settings from .env, .env.local, .env.production and this shell
  --instances 20                                 how many instances of the functions run at most (20)

Uses DB_MIGRATE_USER where it is set, and looks whether DB_USER may call every procedure. Exits with 1 when something is missing.`;

export interface CheckOptions {
  /** The account that migrates. */
  target: Target;
  /** The account of the functions; null: not checked. */
  runtime: Target | null;
  /** How many instances of the functions run at most, and how many connections each has. */
  instances: number;
  pool: number;
}

const HINTS: Readonly<Record<string, string>> = {
  HANDSHAKE_SSL_ERROR: 'the certificate names another host: DB_TLS=verify-ca; or DB_CA is not its authority',
  HANDSHAKE_NO_SSL_SUPPORT: 'switch SSL on in the console, or set DB_TLS=off inside a VPC that you trust',
  ER_ACCESS_DENIED_ERROR: 'check user and password; an account with REQUIRE SSL needs DB_TLS',
  ER_SECURE_TRANSPORT_REQUIRED: 'the server wants TLS: set DB_TLS and DB_CA',
};

async function connectOrFind(target: Target): Promise<Connection | Finding> {
  try {
    return await connectTo(target);
  } catch (error) {
    const reason = reasonOf(error);
    const hint = Object.entries(HINTS).find(([code]) => reason.startsWith(code))?.[1];
    return missing(
      `${target.user} signs in at ${target.host}:${target.port}`,
      reason,
      hint ?? 'check the address, the security group and the VPC',
    );
  }
}

/** Everything that a deployment needs of its database, found out by trying it. */
export async function checkDatabase({ target, runtime, instances, pool }: CheckOptions): Promise<Finding[]> {
  const connection = await connectOrFind(target);
  if ('needed' in connection) return [connection];
  try {
    const version = await checkVersion(connection);
    if (version.status === 'missing') return [version];
    const findings = [
      version,
      await checkCharset(connection, target.database),
      ...(await checkModes(connection)),
      await checkTls(connection, target.tls ?? { mode: 'off' }),
      await checkPasswordPolicy(connection),
      ...(await checkRoom(connection, instances, pool)),
    ];
    const scratch = await openScratch(connection, target.database);
    try {
      findings.push(...(await checkFeatures(connection, scratch)));
      findings.push(...(await checkProxy(target, scratch)));
      findings.push(await checkMigrator(connection, target, scratch));
      if (runtime !== null) findings.push(await checkRuntime(connection, runtime, scratch.database));
    } finally {
      await scratch.remove();
    }
    return findings;
  } finally {
    await connection.end();
  }
}

type Settings = Readonly<Record<string, string | undefined>>;

/** The accounts and sizes that the settings name. */
export const checkOptionsFrom = (settings: Settings, instances: number): CheckOptions => ({
  target: migrationTargetFrom(settings),
  runtime: settings.DB_MIGRATE_USER ? targetFrom(settings) : null,
  instances,
  pool: wholeNumber('DB_POOL', settings.DB_POOL, { fallback: 2, min: 1, max: 1_000 }),
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = { mode: { type: 'string' }, instances: { type: 'string' } } as const;
  await runCommand({ usage, flags }, async ({ mode, instances }) => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const settings = databaseEnvironment({ ...readSettings(root, mode, process.env).values });
    const most = wholeNumber('--instances', instances, { fallback: 20, min: 1, max: 100_000 });
    const findings = await checkDatabase(checkOptionsFrom(settings, most));
    console.log(formatFindings(findings));
    if (!isReady(findings)) process.exitCode = 1;
  });
}
