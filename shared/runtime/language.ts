import { type ErrorBody, errorKinds } from '../errors';

export type Language = 'zh' | 'en';

/** The first supported language of an Accept-Language header. Weights are ignored, because browsers send the preferred language first. */
export function preferredLanguage(header: string): Language {
  const names = header.split(',').map((each) => each.trim().slice(0, 2).toLowerCase());
  return names.find((name) => name === 'zh' || name === 'en') === 'en' ? 'en' : 'zh';
}

/** An error message in the caller's language. The English table is loaded when the first caller needs it. */
export async function inLanguage(error: ErrorBody, language: Language): Promise<ErrorBody> {
  if (language === 'zh') return error;
  const { englishOf, englishOfCode } = await import('./english');
  const ofCode = englishOfCode(error.code);
  const message = error.message === errorKinds[error.code].message ? ofCode : (englishOf(error.message) ?? ofCode);
  const details = Array.isArray(error.details)
    ? error.details.map((detail: unknown) => (isFieldError(detail) ? { ...detail, message: englishOf(detail.message) ?? ofCode } : detail))
    : error.details;
  return { ...error, message, ...(details !== undefined && { details }) };
}

const isFieldError = (value: unknown): value is { path: string; message: string } =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
