import type * as z from 'zod';
import type { FieldError } from '../errors';

const units: Record<string, string> = { string: '个字', array: '项' };

/** zod reports English messages when a schema has none of its own; users read Chinese. Needs issues parsed with `reportInput`. */
function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? '必填' : '类型不正确';
    case 'too_small':
      return units[issue.origin] ? `至少 ${issue.minimum} ${units[issue.origin]}` : `不能小于 ${issue.minimum}`;
    case 'too_big':
      return units[issue.origin] ? `最多 ${issue.maximum} ${units[issue.origin]}` : `不能大于 ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.length > 1 ? `应为 ${issue.values.join('、')} 之一` : `应为 ${issue.values.join()}`;
    case 'unrecognized_keys':
      return '不支持的字段';
    default:
      return /[\u4e00-\u9fff]/.test(issue.message) ? issue.message : '格式不正确';
  }
}

/** Errors by field path, such as `images.0`, in words for the user. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: messageOf(issue) }];
    return issue.keys.map((key) => ({ path: (path ? `${path}.` : '') + key.slice(0, 64), message: messageOf(issue) }));
  });
}
