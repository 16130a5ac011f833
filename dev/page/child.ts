/** `?child=` names the account, so that a test, a second tab or a shared address has one of its own. */
const given = new URLSearchParams(location.search).get('child');
const key = 'page:child';

/** The child that `npm run seed` makes. */
export const demoChild = 'oDemo';

/** An account that nobody has used before. WeChat's openids have letters, digits, - and _. */
export const freshChild = (): string => `oChild${Date.now().toString(36)}`;

/** The page opens with this child from now on, and its address names the child. */
export function rememberChild(child: string): void {
  localStorage.setItem(key, child);
  const url = new URL(location.href);
  url.searchParams.set('child', child);
  history.replaceState(null, '', url);
}

/** Whose page this is. */
export function currentChild(): string {
  const known = given ?? localStorage.getItem(key);
  if (known !== null) return known;
  const fresh = freshChild();
  localStorage.setItem(key, fresh);
  return fresh;
}

export const siblingOf = (child: string): string => `${child}-2`;
