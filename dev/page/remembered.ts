import { useState } from 'preact/hooks';

const key = (name: string): string => `page:${name}`;

/** A choice that outlives a reload. What was stored is used where `accepts` knows it. */
export function useRemembered<T extends string>(name: string, fallback: T, accepts: readonly T[]): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => accepts.find((known) => known === localStorage.getItem(key(name))) ?? fallback);
  return [
    value,
    (next) => {
      localStorage.setItem(key(name), next);
      setValue(next);
    },
  ];
}
