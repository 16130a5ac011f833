const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** `YYYY-MM-DD` of a day that exists. */
export const isDay = (text: unknown): text is string => {
  if (!isText(text) || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && toInstant(time).startsWith(text);
};

export const toInstant = (epochMs: number): string => new Date(epochMs).toISOString();

/** The calendar day in Beijing. */
export const dayOf = (epochMs: number): string => toInstant(epochMs + SHANGHAI_OFFSET_MS).slice(0, 10);

export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
export const isText = (value: unknown): value is string => typeof value === 'string';

export type Bag = Record<string, unknown>;
export const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

/** UTF-8 bytes. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // Each half of a pair counts two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

const LONE_SURROGATES = /[\uD800-\uDFFF]/gu;

/** As it can be sent: without undefined fields, broken pairs of surrogates replaced. One of them would have the whole call refused. */
export const sendable = (value: object): Bag =>
  JSON.parse(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? inner.replace(LONE_SURROGATES, '\uFFFD') : inner)));

export const randomName = (length: number, random: () => number): string => {
  let name = '';
  while (name.length < length) name += Math.floor(random() * 36).toString(36);
  return name;
};

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** The fields that were given: absent means unchanged. */
export const given = <Fields extends object>(fields: Fields): Given<Fields> => {
  const kept: Given<Fields> = {};
  for (const name in fields) if (fields[name] !== undefined) Object.assign(kept, { [name]: fields[name] });
  return kept;
};
