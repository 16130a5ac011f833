/** `?child=` names the account, so that a test or a second tab has one of its own. */
const given = new URLSearchParams(location.search).get('child');
const key = 'page:child';

/** A child nobody has seen before, remembered from now on. WeChat's openids have letters, digits, - and _. */
export function freshChild(): string {
  const child = `oChild${Date.now().toString(36)}`;
  localStorage.setItem(key, child);
  return child;
}

/** Whose page this is. */
export const currentChild = (): string => given ?? localStorage.getItem(key) ?? freshChild();

export const siblingOf = (child: string): string => `${child}-2`;
