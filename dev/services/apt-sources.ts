import { existsSync, readFileSync } from 'node:fs';
import { run } from './process';

export interface AptSources {
  suite: string;
  mirror: string;
  lines: string[];
}

const FALLBACK_MIRROR = 'http://deb.debian.org/debian';
const KEYRINGS = {
  debian: ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'],
  ubuntu: ['/usr/share/keyrings/ubuntu-archive-keyring.gpg'],
};

export function debianFamily(): 'debian' | 'ubuntu' | null {
  const { ID = '', ID_LIKE = '' } = osRelease();
  const names = `${ID} ${ID_LIKE}`.split(' ');
  if (names.includes('ubuntu')) return 'ubuntu';
  return names.includes('debian') ? 'debian' : null;
}

/**
 * Where packages may come from, best first. apt verifies each list by its signature and each package by the hash in the list. Debian's stable suites have no MySQL, only sid has it; Ubuntu's own have it.
 * The mirror is the one this machine uses, then Debian's own.
 */
export async function aptSources(wanted: 'own' | 'own-or-sid'): Promise<AptSources[]> {
  const family = debianFamily();
  if (!family) throw new Error('this system is neither Debian nor Ubuntu');
  const { VERSION_CODENAME = '', UBUNTU_CODENAME } = osRelease();
  const codename = family === 'ubuntu' ? (UBUNTU_CODENAME ?? VERSION_CODENAME) : VERSION_CODENAME;
  const targets = await indexTargets();
  const options = await sourceOptions(family);
  const mirrors = [targets.find(({ release }) => release === codename)?.uri, family === 'debian' ? FALLBACK_MIRROR : undefined];
  const known = [...new Set(mirrors.filter((mirror) => mirror !== undefined))];
  if (known.length === 0) throw new Error(`apt has no source for ${codename}`);
  if (family === 'debian' && wanted === 'own-or-sid') {
    // A mirror frozen at a date serves expired lists. They are still signed, so that the only risk is an old version. They are used only when no
    // mirror has a current list.
    const sid = (mirror: string, age: string) => ({ suite: 'sid', mirror, lines: [`deb [${options}${age}] ${mirror} sid main`] });
    return [...known.map((mirror) => sid(mirror, '')), ...known.map((mirror) => sid(mirror, ' check-valid-until=no'))];
  }
  const suites = [codename, `${codename}-updates`, `${codename}-security`];
  const own = targets
    .filter(({ release }) => suites.includes(release))
    .map(({ uri, release, component }) => `deb [${options}] ${uri} ${release} ${component}`);
  return known.map((mirror, index) => ({
    suite: codename,
    mirror,
    lines: index === 0 && own.length > 0 ? [...new Set(own)] : [`deb [${options}] ${mirror} ${codename} main`],
  }));
}

interface IndexTarget {
  release: string;
  component: string;
  uri: string;
}

async function indexTargets(): Promise<IndexTarget[]> {
  const known = await run('apt-get', ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages']);
  const targets = [...known.matchAll(/^(\S+) (\S+) (https?:\S+?)\/?$/gm)].map(([, release = '', component = '', uri = '']) => ({
    release,
    component,
    uri,
  }));
  if (targets.length > 0) return targets;
  // A machine that has never run `apt-get update` has no targets; apt then reports the ones that it would read.
  const wanted = await run('apt-get', ['update', '--print-uris']);
  return [...wanted.matchAll(/^'(https?:\S+?)\/dists\/(\S+?)\/([^/\s]+)\/binary-[^/\s]+\/Packages/gm)].map(
    ([, uri = '', release = '', component = '']) => ({
      release,
      component,
      uri,
    }),
  );
}

async function sourceOptions(family: 'debian' | 'ubuntu'): Promise<string> {
  const architecture = (await run('dpkg', ['--print-architecture'])).trim();
  const keyring = KEYRINGS[family].find((path) => existsSync(path));
  return [`arch=${architecture}`, 'target=Packages', ...(keyring ? [`signed-by=${keyring}`] : [])].join(' ');
}

function osRelease(): Record<string, string> {
  if (!existsSync('/etc/os-release')) return {};
  const pairs = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, value]));
}
