interface Lock {
  packages: Record<string, { version?: string; license?: string; dev?: boolean; devOptional?: boolean; optional?: boolean }>;
}

/** Licences under which a package may become part of what is deployed: they ask for a notice and nothing else. */
const ALLOWED = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0', 'Python-2.0'];

/** Parts of the vendor's own SDKs, published without a licence field; the SDKs that bring them state theirs. */
const WITHOUT_FIELD = ['@cloudbase/signature-nodejs', '@cloudbase/wx-cloud-client-sdk'];

const BEGIN = '<!-- licences: written by npm run docs -->';
const END = '<!-- end of licences -->';

/** `(MIT OR GPL-3.0)` allows a choice, `MIT AND X` none. */
const isAllowed = (licence: string): boolean =>
  licence
    .replace(/[()]/g, '')
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((each) => ALLOWED.includes(each.trim())));

/** Packages that the bundles may hold: those of the lockfile that are not for development alone. */
function shipped({ packages }: Lock): { name: string; version: string; licence: string }[] {
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path, { version = '', license = 'none stated' }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version,
      licence: license,
    }))
    .sort((a, b) => a.licence.localeCompare(b.licence) || a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

/** The page with its list of licences. Throws when a package that ships has a licence that is not allowed. */
export function withLicences(page: string, lock: Lock): string {
  const packages = shipped(lock);
  const refused = packages.filter(({ name, licence }) => !isAllowed(licence) && !WITHOUT_FIELD.includes(name));
  if (refused.length > 0) {
    const list = refused.map(({ name, version, licence }) => `${name}@${version} (${licence})`).join(', ');
    throw new Error(`licences that are not allowed (scripts/docs/licences.ts): ${list}`);
  }
  const rows = [...new Set(packages.map(({ licence }) => licence))].map((licence) => {
    const group = packages.filter((each) => each.licence === licence);
    return `| ${licence} | ${group.map(({ name, version }) => `${name} ${version}`).join(', ')} |`;
  });
  const table = [BEGIN, '| licence | packages |', '| --- | --- |', ...rows, END].join('\n');
  const [before = '', rest = ''] = page.split(BEGIN);
  return `${before}${table}${rest.split(END)[1] ?? '\n'}`;
}
