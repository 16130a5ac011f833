import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [folder] = process.argv.slice(2);
const { default: version } = await import('mysql-memory-server/dist/src/libraries/Version.js');
const { downloadBinary } = await import('mysql-memory-server/dist/src/libraries/Downloader.js');
const silent = { log() {}, warn() {}, error() {} };
const options = { downloadBinaryOnce: false, downloadRetries: 2 };
const server = await downloadBinary(version.default('8.0.x', process.arch), options, silent).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
renameSync(dirname(dirname(server)), join(folder, 'mysql'));
rmSync(join(folder, 'mysqlmsn'), { recursive: true, force: true });
