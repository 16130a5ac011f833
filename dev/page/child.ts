import { showInAddress } from './remembered';

const key = 'page:child';

/** The child that `npm run seed` makes. */
export const demoChild = 'oDemo';

/** An account that nobody has used before. WeChat's openids have letters, digits, - and _. */
export const freshChild = (): string => `oChild${Date.now().toString(36)}`;

/** The page opens with this child from now on, and its address names the child. */
export function rememberChild(child: string): void {
  localStorage.setItem(key, child);
  showInAddress('child', child);
}

/** Whose page this is: `?child=` names the account, so that a test, a second tab or a shared address has one of its own. */
export function currentChild(): string {
  const child = new URLSearchParams(location.search).get('child') ?? localStorage.getItem(key) ?? freshChild();
  rememberChild(child);
  return child;
}

export const siblingOf = (child: string): string => `${child}-2`;
