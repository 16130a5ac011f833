import { openPhoneStorage, type PhoneStorage } from './storage';

export interface Draft {
  content: string;
  mood: string;
  weather: string;
  tags: string;
  images: string[];
}

/** A text that was not saved yet, with the diary that its writer had seen. */
interface Unsaved {
  draft: Draft;
  basedOn: { id: number; version: number } | null;
}

/** Unsaved texts of one child on one phone, by date. Written at each keystroke, so that neither ✕ nor a killed app loses one. */
export interface UnsavedTexts {
  get(date: string): Unsaved | null;
  keep(date: string, text: Unsaved): void;
  drop(date: string): void;
}

const isUnsaved = (value: unknown): value is Unsaved => typeof value === 'object' && value !== null && 'draft' in value;

export function openUnsaved(phone: string, openid: () => string): UnsavedTexts {
  // Beside the app's own storage: the SDK reports keys that it does not know.
  const storage = (): PhoneStorage => openPhoneStorage(`unsaved:${phone}:${openid()}:`);
  return {
    get: (date) => {
      const value = storage().get(date);
      return isUnsaved(value) ? value : null;
    },
    keep: (date, text) => storage().set(date, text),
    drop: (date) => storage().remove(date),
  };
}
