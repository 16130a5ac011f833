import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AptSources, aptSources } from './apt-sources';
import { buildOnce, withProgress } from './cache';
import { reasonOf, run } from './process';

/** Increase it when the recipe of a box changes: boxes of another recipe are ignored. */
const RECIPE = 2;

export interface BoxRecipe {
  title: string;
  /** Alternatives; the first that the suite has is taken. */
  packages: string[];
  /** Alternatives, inside the box. */
  binaries: string[];
  suite: 'own' | 'own-or-sid';
}

/** A server inside a box, run by the box's own loader with the box's own libraries only. */
export interface BoxedServer {
  root: string;
  command: string;
  arguments: string[];
}

/** Packages that only maintainer scripts, name services and unused plug-ins need. The library check fails if this is wrong. */
const UNNEEDED = new RegExp(
  `^(${[
    'perl|libperl|libgdbm|libdb5|libbz2|debconf|adduser|passwd|lsb-base|init-system|gcc-\\d+-base|libc-gconv',
    'libcurl|libldap|libsasl2|libssh2|libnghttp|libngtcp|libpsl|libidn2|libunistring|libbrotli|libfido2|libcbor|libudev|libmecab',
    'openssl-provider',
  ].join('|')})`,
);

export async function debianBox(recipe: BoxRecipe, report: (line: string) => void): Promise<BoxedServer> {
  const candidates = await aptSources(recipe.suite);
  const reasons: string[] = [];
  for (const sources of candidates) {
    const name = `${recipe.title.toLowerCase()}-box${RECIPE}-${sources.suite}-${process.arch}`;
    try {
      const root = await buildOnce(name, (draft) => build(draft, recipe, sources, report));
      return enter(root, recipe);
    } catch (error) {
      reasons.push(`${sources.suite} from ${sources.mirror}: ${reasonOf(error)}`);
    }
  }
  throw new Error(reasons.join('\n    '));
}

async function build(root: string, recipe: BoxRecipe, sources: AptSources, report: (line: string) => void): Promise<void> {
  const workshop = join(root, '.apt');
  try {
    const apt = await ownApt(workshop, sources.lines);
    report(`${recipe.title}: reading the package list of ${sources.suite} from ${sources.mirror}`);
    await withProgress(join(workshop, 'state/lists'), (done) => report(`${recipe.title}: package list, ${done} MB`), apt(['update']));
    const closure = await closureOf(apt, recipe.packages);
    const lean = closure.filter(({ name }) => !UNNEEDED.test(name));
    await fill(root, lean);
    await check(root, recipe).catch(async () => {
      await fill(
        root,
        closure.filter((item) => !lean.includes(item)),
      );
      await check(root, recipe);
    });

    async function fill(box: string, wanted: AptPackage[]): Promise<void> {
      const folder = join(workshop, `debs-${wanted.length}`);
      await mkdir(folder);
      const total = Math.round(wanted.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
      report(`${recipe.title}: downloading ${wanted.length} packages, ${total} MB`);
      const download = apt(['download', ...wanted.map(({ name }) => name)], folder);
      await withProgress(folder, (done) => report(`${recipe.title}: ${done} of ${total} MB`), download);
      report(`${recipe.title}: unpacking`);
      for (const file of readdirSync(folder)) await run('dpkg-deb', ['-x', join(folder, file), box]);
    }
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

type Apt = (args: string[], cwd?: string) => Promise<string>;

/** An apt that touches no file of the system and believes that nothing is installed, so that the closure has libc in it too. */
async function ownApt(folder: string, sourceLines: string[]): Promise<Apt> {
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'log']) await mkdir(join(folder, name), { recursive: true });
  const configuration = join(folder, 'apt.conf');
  await writeFile(join(folder, 'state/status'), '');
  await writeFile(join(folder, 'sources.list'), `${sourceLines.join('\n')}\n`);
  await writeFile(
    configuration,
    `#clear DPkg::Post-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "${folder}/state";
Dir::State::status "${folder}/state/status";
Dir::Cache "${folder}/cache";
Dir::Log "${folder}/log";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Update::Error-Mode "any";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
`,
  );
  // -c and not APT_CONFIG: the system's own files, where a proxy may stand, are still read first.
  return (args, cwd = folder) => run('apt-get', ['-c', configuration, ...args], { cwd });
}

interface AptPackage {
  name: string;
  bytes: number;
}

async function closureOf(apt: Apt, alternatives: string[]): Promise<AptPackage[]> {
  const reasons: string[] = [];
  for (const name of alternatives) {
    try {
      const uris = await apt(['install', '--print-uris', '-qq', '-y', name]);
      // 'http://…/x.deb' name_version_arch.deb 1234 MD5Sum:…
      return [...uris.matchAll(/^'\S+' ([^_\s]+)_\S+ (\d+)/gm)].map(([, found = '', bytes]) => ({ name: found, bytes: Number(bytes) }));
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  throw new Error(reasons.join('\n    '));
}

/** The loader silently falls back to the machine's libraries, which may be too old. Therefore the path of each library is checked. */
async function check(root: string, recipe: BoxRecipe): Promise<void> {
  const { command, arguments: args } = enter(root, recipe);
  const list = await run(command, ['--list', ...args]);
  const outside = list.split('\n').filter((line) => line.includes('=>') && !line.includes(`=> ${root}/`));
  if (outside.length > 0) throw new Error(`libraries outside the box: ${outside.map((line) => line.trim()).join(', ')}`);
}

function enter(root: string, recipe: BoxRecipe): BoxedServer {
  const libraries = ['usr/lib', 'lib']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.includes('-linux-gnu'))
        .map((name) => join(folder, name)),
    );
  const loader = libraries.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^ld-linux.*\.so\.\d+$/.test(name))
      .map((name) => join(folder, name)),
  )[0];
  const binary = recipe.binaries.map((path) => join(root, path)).find((path) => existsSync(path));
  if (!loader || !binary) throw new Error(`${root} has no ${loader ? recipe.binaries.join(' or ') : 'loader'}`);
  return { root, command: loader, arguments: ['--library-path', libraries.join(':'), binary] };
}
