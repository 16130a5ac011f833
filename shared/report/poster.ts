import type { Month } from './contract';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const LEVELS = ['#eef1f6', '#cfe8ff', '#8cc8ff', '#4aa3f0', '#1f6fc4'];
const CELL = 64;

const text = (x: number, y: number, size: number, content: string, fill = '#26324a'): string =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}">${escaped(content)}</text>`;

/** The month as a grid that starts on Sunday. */
function calendar(days: Month['days'], top: number): string {
  const offset = new Date(`${days[0]?.date ?? ''}T00:00:00Z`).getUTCDay();
  return days
    .map(({ level }, index) => {
      const place = index + offset;
      const [x, y] = [60 + (place % 7) * (CELL + 24), top + Math.floor(place / 7) * (CELL + 16)];
      return `<rect x="${x}" y="${y}" width="${CELL}" height="${CELL}" rx="12" fill="${LEVELS[level] ?? ''}"/>${text(x + 20, y + 42, 24, String(index + 1), level > 2 ? '#fff' : '#26324a')}`;
    })
    .join('');
}

/** A picture of a month: 750 × 1,334 SVG that uses only fonts of the phone and loads nothing. */
export function posterOf(report: Month, nickname: string): string {
  const { month, diaryCount, completedTasks, pointsEarned, maxStreak, keywords, days } = report;
  const [year, number] = month.split('-');
  const figures = [
    [`${diaryCount}`, '篇日记'],
    [`${completedTasks}`, '个任务'],
    [`${pointsEarned}`, '积分'],
    [`${maxStreak}`, '天连续'],
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="750" height="1334" viewBox="0 0 750 1334" font-family="PingFang SC, Hiragino Sans GB, Microsoft YaHei, sans-serif" role="img" aria-label="${escaped(`${year}年${Number(number)}月的成长月报`)}">`,
    '<rect width="750" height="1334" fill="#fffaf0"/>',
    text(60, 120, 52, `${year}年${Number(number)}月`),
    text(60, 180, 32, nickname === '' ? '我的成长月报' : `${nickname}的成长月报`, '#6b7690'),
    ...figures.map(([value = '', label = ''], index) => {
      const x = 60 + index * 165;
      return text(x, 300, 60, value, '#1f6fc4') + text(x, 345, 26, label, '#6b7690');
    }),
    calendar(days, 410),
    text(60, 960, 30, '这个月常写到', '#6b7690'),
    text(
      60,
      1020,
      34,
      keywords
        .slice(0, 5)
        .map((keyword) => keyword.text)
        .join('  ') || '还没有文字',
    ),
    text(60, 1280, 24, '成长日记', '#9aa5bd'),
    '</svg>',
  ].join('');
}
