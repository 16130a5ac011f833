import type { ComponentChildren } from 'preact';

const Icon = ({ children, size = 22 }: { children: ComponentChildren; size?: number }) => (
  <svg
    class="icon"
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
);

export const Leaf = () => (
  <svg class="leaf" width="40" height="40" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" fill="var(--leaf)" />
    <path d="M16 26V14" stroke="var(--on-leaf)" stroke-width="2.4" stroke-linecap="round" />
    <path d="M16 16c0-5 3.5-8 9-8 0 5.5-3.5 8-9 8Z" fill="var(--on-leaf)" />
    <path d="M16 20c0-4-3-6.5-8-6.5 0 4.5 3 6.5 8 6.5Z" fill="var(--on-leaf)" opacity=".7" />
  </svg>
);

const tabPaths = {
  diary: 'M5 4.5A1.5 1.5 0 0 1 6.5 3H18a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H6.5A1.5 1.5 0 0 1 5 19.5zM9 8h6M9 12h6M9 16h3',
  calendar: 'M4 7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM4 10h16M8 3v4M16 3v4M8.5 15l2.2 2 4.3-4',
  tasks: 'M4 6.5l1.5 1.5L8.5 5M4 17l1.5 1.5 3-3M12 7h8M12 17h8',
  wheel: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9',
  points: 'M12 3.5l2.6 5.3 5.9.9-4.250 4.150 1 5.850L12 16.950 6.750 19.7l1-5.850L3.5 9.7l5.9-.9z',
};

export type TabName = keyof typeof tabPaths;

export const TabIcon = ({ name }: { name: TabName }) => (
  <Icon>
    <path d={tabPaths[name]} />
  </Icon>
);

export const Plane = () => (
  <Icon size={14}>
    <path d="M10.5 13.5L3 11.5l1.2-1.2 7.3.2L16 6c1-1 3-1.8 3.7-1.2.6.7-.2 2.7-1.2 3.7L14 13l.2 7.3L13 21.5z" fill="currentColor" />
  </Icon>
);

export const Wifi = () => (
  <Icon size={14}>
    <path d="M3 9.5c5.5-4.7 12.5-4.7 18 0M6.3 13c3.5-3 7.9-3 11.4 0M9.5 16.5c1.5-1.3 3.5-1.3 5 0" />
    <path d="M12 19.5h.01" stroke-width="2.6" />
  </Icon>
);

export const Check = () => (
  <Icon size={16}>
    <path d="M5 12.5l4.5 4.5L19 7.5" stroke-width="2.6" />
  </Icon>
);

export const Chevron = ({ left = false }: { left?: boolean }) => (
  <Icon size={18}>
    <path d={left ? 'M15 5l-7 7 7 7' : 'M9 5l7 7-7 7'} />
  </Icon>
);

export const Cross = () => (
  <Icon size={18}>
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
);

/** Our own faces, so that a mood looks the same on every system. */
const faces: Record<string, { tint: string; eyes: string; mouth: string; more?: string }> = {
  happy: { tint: '#f7cf5b', eyes: 'M9 10.5v.6M15 10.5v.6', mouth: 'M8 14c2 3 6 3 8 0' },
  calm: { tint: '#a9d8b8', eyes: 'M8 11c.6-.7 1.6-.7 2.2 0M13.8 11c.6-.7 1.6-.7 2.2 0', mouth: 'M9 15h6' },
  excited: { tint: '#f6ab62', eyes: 'M8 11.2l1-1.4 1 1.4M14 11.2l1-1.4 1 1.4', mouth: 'M8 13.5h8c0 2.5-1.7 4-4 4s-4-1.5-4-4z' },
  grateful: { tint: '#f4b3bf', eyes: 'M8 11c.6-.7 1.6-.7 2.2 0M13.8 11c.6-.7 1.6-.7 2.2 0', mouth: 'M8.5 14c1.7 2.4 5.3 2.4 7 0' },
  tired: { tint: '#c9c3dd', eyes: 'M8 10.8h2.2M13.8 10.8h2.2', mouth: 'M10.8 15.5c.6-.9 1.8-.9 2.4 0' },
  sad: { tint: '#a5c8ec', eyes: 'M9 10.5v.6M15 10.5v.6', mouth: 'M8.5 16.5c1.7-2.4 5.3-2.4 7 0', more: 'M15.5 13v1.5' },
  angry: { tint: '#ee9a86', eyes: 'M8 9.5l2.4 1.3M16 9.5l-2.4 1.3', mouth: 'M9 16c1.5-1.5 4.5-1.5 6 0' },
  worried: {
    tint: '#d5cf8d',
    eyes: 'M9 11v.6M15 11v.6',
    mouth: 'M8.5 16c1.2-1.2 2.3.8 3.5 0s2.3-1 3.5 0',
    more: 'M8 8.8l2-.8M16 8.8l-2-.8',
  },
};

const plain = { tint: '#ddd6ca', eyes: 'M9 10.5v.6M15 10.5v.6', mouth: 'M9.5 15h5', more: '' };

export function Face({ mood, size = 28 }: { mood: string; size?: number }) {
  const { tint, eyes, mouth, more = '' } = faces[mood] ?? plain;
  return (
    <svg class="face" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12.5" r="10" fill={tint} />
      <path d={`${eyes}${mouth}${more}`} fill="none" stroke="#3d342b" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

const cloud = 'M7 17.5a3.5 3.5 0 0 1-.3-7 5 5 0 0 1 9.6-.6 3.8 3.8 0 0 1 .7 7.6z';

const skies: Record<string, string> = {
  sunny:
    'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  cloudy: cloud,
  rainy: 'M7 14.5a3.5 3.5 0 0 1-.3-7 5 5 0 0 1 9.6-.6 3.8 3.8 0 0 1 .7 7.6zM8.5 18l-1 2.5M12.5 18l-1 2.5M16.5 18l-1 2.5',
  snowy: 'M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9',
  windy: 'M3 9.5h10.5a2.5 2.5 0 1 0-2.4-3.2M3 13.5h14.5a2.5 2.5 0 1 1-2.4 3.2M3 17.5h6.5',
  foggy: 'M4 8h16M6 12h14M4 16h13M8 20h9',
};

export const Sky = ({ weather, size = 22 }: { weather: string; size?: number }) => (
  <Icon size={size}>
    <path d={skies[weather] ?? 'M12 12h.01'} />
  </Icon>
);
