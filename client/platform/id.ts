import { invalid } from './error';
import { isInteger } from './text';

/** A page's ids come as strings from `dataset`: '5' is 5. */
export function toId(id: number | string, path = 'id'): number {
  const number = typeof id === 'string' && /^-?\d{1,16}$/.test(id) ? Number(id) : id;
  if (!isInteger(number)) throw invalid(path, '编号不正确');
  return number;
}
