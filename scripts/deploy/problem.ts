/** One problem that prevents a deployment. */
export interface Problem {
  /** Where to put it right: `cloudbaserc.json`, `.env.production`, `this shell`. */
  file: string;
  /** The functions that it concerns; none: all of them. */
  functions: readonly string[];
  /** Names settings, never their values. */
  text: string;
}

export const lineOf = ({ file, functions, text }: Problem): string =>
  `${file} · ${functions.length > 0 ? functions.join(', ') : 'all functions'} · ${text}`;
