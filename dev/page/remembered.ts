import { useState } from 'preact/hooks';

const key = (name: string): string => `page:${name}`;

/** Puts a choice into the address, so that the address can be shared. */
export function showInAddress(name: string, value: string): void {
  const url = new URL(location.href);
  url.searchParams.set(name, value);
  history.replaceState(null, '', url);
}

/** A choice that outlives a reload and is part of the address: `?name=value` first, then what this browser chose last, then `fallback`. */
export function useRemembered<T extends string>(name: string, fallback: T, accepts: readonly T[]): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    const known = [new URLSearchParams(location.search).get(name), localStorage.getItem(key(name))];
    return known.flatMap((text) => accepts.find((each) => each === text) ?? [])[0] ?? fallback;
  });
  return [
    value,
    (next) => {
      localStorage.setItem(key(name), next);
      showInAddress(name, next);
      setValue(next);
    },
  ];
}
