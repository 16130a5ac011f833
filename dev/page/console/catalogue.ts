/** A field of an input, as JSON Schema says it. */
export interface Field {
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Field[];
  oneOf?: Field[];
  items?: Field;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
}

export interface ActionEntry {
  fn: string;
  action: string;
  summary: string;
  access: 'public' | 'user' | 'operator' | 'system';
  rest: string | null;
  input: { properties?: Record<string, Field>; required?: string[] };
  example: Record<string, unknown>;
}

/** What /local/catalogue answers. */
export interface Catalogue {
  actions: ActionEntry[];
  operator: { openid: string; token: string };
}

export interface LogLine {
  at: string;
  functionName: string;
  text: string;
}

export async function fetchCatalogue(): Promise<Catalogue> {
  const response = await fetch('/local/catalogue');
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
