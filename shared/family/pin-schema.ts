import * as z from 'zod';

export const pin = z.string().regex(/^\d{6}$/, { error: '家长密码应为 6 位数字' });
