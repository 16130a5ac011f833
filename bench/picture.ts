import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Result } from './report';

const BAR = 11;
const GAP = 3;
const ROW = 2 * (BAR + GAP) + 12;
const LABELS = 215;
const WIDTH = 785;
const HEAD = 78;

const series = [
  { callers: 1, name: 'one caller', colour: '#7aa6c2' },
  { callers: 16, name: '16 callers', colour: '#2f6b8f' },
] as const;

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** How many times the calls per second of the peer named `peer`, with 1 ms to MySQL and Redis: two bars a row. */
function pictureOf(results: Result[], peer: string, day: string): string {
  const shown = results.flatMap((result) => {
    const ratio = result.others.find(({ name }) => name === peer)?.ratio;
    return result.tripMs === 1 && ratio !== undefined ? [{ ...result, ratio }] : [];
  });
  const names = [...new Set(shown.map(({ row }) => row.name))];
  const most = Math.max(2, ...shown.map(({ ratio }) => Math.min(ratio, 8)));
  const scale = (WIDTH - LABELS - 60) / most;
  const bars = names.flatMap((name, index) => {
    const top = HEAD + index * ROW;
    const label = `<text x="${LABELS - 10}" y="${top + BAR + 7}" text-anchor="end">${escapeXml(name)}</text>`;
    return [
      label,
      ...series.flatMap(({ callers, colour }, place) => {
        const ratio = shown.find((result) => result.row.name === name && result.callers === callers)?.ratio;
        if (ratio === undefined) return [];
        const y = top + place * (BAR + GAP);
        const width = Math.min(ratio, most) * scale;
        return [
          `<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colour}"/>`,
          `<text class="small" x="${(LABELS + width + 6).toFixed(1)}" y="${y + BAR - 2}">${ratio.toFixed(1)}×</text>`,
        ];
      }),
    ];
  });
  const height = HEAD + names.length * ROW + 14;
  const line = LABELS + scale;
  const legend = series.map(
    ({ name, colour }, place) =>
      `<rect x="${LABELS + place * 110}" y="44" width="${BAR}" height="${BAR}" rx="2" fill="${colour}"/><text class="small" x="${LABELS + 17 + place * 110}" y="53">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Calls per second compared with the peer">
<style>text{font:13px system-ui,sans-serif;fill:#24323c}.small{font-size:11px;fill:#5a6b76}.title{font-size:15px;font-weight:600}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="title" x="${LABELS}" y="24">Calls per second, times those of the ${escapeXml(peer)} server (1 ms to MySQL and Redis)</text>
<text class="small" x="${WIDTH - 14}" y="53" text-anchor="end">${day}</text>
${legend.join('\n')}
<line x1="${line}" x2="${line}" y1="${HEAD - 8}" y2="${height - 10}" stroke="#b9c6ce" stroke-dasharray="3 3"/>
<text class="small" x="${line}" y="${HEAD - 11}" text-anchor="middle">1×</text>
${bars.join('\n')}
</svg>
`;
}

export async function writePicture(results: Result[], peer: string): Promise<string> {
  const file = fileURLToPath(new URL('../docs/images/bench.svg', import.meta.url));
  await mkdir(fileURLToPath(new URL('../docs/images/', import.meta.url)), { recursive: true });
  await writeFile(file, pictureOf(results, peer, new Date().toISOString().slice(0, 10)));
  return file;
}
