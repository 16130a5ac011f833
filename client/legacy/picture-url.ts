const MAX_URL = 500;

export const isTemporary = (url: string): boolean => /^(wxfile:\/\/|https?:\/\/(tmp|usr|store)\/)/i.test(url);

/** The server can show it without an upload, if its host is allowed. */
export const isLink = (url: string): boolean => /^(https|cloud):\/\//i.test(url) && !isTemporary(url) && url.length <= MAX_URL;

/** For a list of what is missing: a data: url holds the whole picture. */
export const cutUrl = (url: string): string => url.slice(0, MAX_URL);
