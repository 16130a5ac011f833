import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as task } from '../../functions/task/index';
import { errorKinds, isErrorCode } from '../../shared/errors';
import { englishOf, englishOfCode } from '../../shared/runtime/english';
import { appId, http, newChild, type send } from '../harness';

const HAN = /\p{Script=Han}/u;

/** Sentences that refusals carry, as they are written in the code; each `${…}` becomes {}. */
function sentencesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('english.ts'))
    .flatMap((name) => {
      const source = readFileSync(join(folder, name), 'utf8');
      const written =
        /(?:\bmessage: |\berror: |fieldError\((?:[^()'`]|'[^']*'|`[^`]*`|\([^()]*\))*?, |add\w*\([^)]*, )(?:'([^']+)'|`([^`]+)`)/g;
      return [...source.matchAll(written)].map(([, plain, template]) => plain ?? (template ?? '').replace(/\$\{[^}]+\}/g, '{}'));
    })
    .filter((sentence) => HAN.test(sentence));
}

describe('the English table', () => {
  test('has every sentence that a refusal of the code carries', () => {
    const kinds = new Set<string>(Object.values(errorKinds).map(({ message }) => message));
    const sentences = [...new Set(sentencesIn('shared'))].filter((sentence) => !kinds.has(sentence));
    expect(sentences.length).toBeGreaterThan(50);
    expect(sentences.filter((sentence) => englishOf(sentence.replaceAll('{}', '7')) === null)).toEqual([]);
  });

  test('has a sentence without Chinese for every code', () => {
    for (const code of Object.keys(errorKinds)) if (isErrorCode(code)) expect(englishOfCode(code)).not.toMatch(HAN);
  });
});

describe('a refusal speaks', () => {
  const call = async (lang: string | undefined, data: object) => {
    const { openid } = await newChild();
    const context = {
      environment: JSON.stringify({ WX_OPENID: openid, WX_APPID: appId, TCB_SOURCE: 'wx_client' }),
      time_limit_in_ms: 20_000,
    };
    return (await diary({ action: 'create', data, ...(lang !== undefined && { lang }) }, context)) as Awaited<ReturnType<typeof send>>;
  };

  test('Chinese when no language is asked for', async () => {
    expect(await call(undefined, { date: '2999-01-01', content: 'x' })).toMatchObject({ error: { message: '不能写未来的日记' } });
  });

  test('English when the event says lang: en, in the message and in each field', async () => {
    const answer = await call('en', { date: '2025-1-1', content: 7, mood: 'x'.repeat(21), more: true });
    expect(JSON.stringify(answer)).not.toMatch(HAN);
    expect(answer).toMatchObject({
      error: {
        code: 'INVALID_INPUT',
        details: [
          { path: 'date', message: 'The date must be YYYY-MM-DD' },
          { path: 'content', message: 'Wrong type' },
          { path: 'mood', message: 'At most 20 characters' },
          { path: 'more', message: 'Unknown field' },
        ],
      },
    });
  });

  test('and refuses a language that it does not know', async () => {
    expect(await call('fr', {})).toMatchObject({
      error: { code: 'INVALID_INPUT', details: [{ path: 'lang', message: '语言应为 zh 或 en' }] },
    });
  });

  test.each([
    ['en-GB,en;q=0.9,zh;q=0.8', 'Sign in first'],
    ['fr,zh-CN;q=0.9,en;q=0.8', '请先登录'],
    ['de', '请先登录'],
  ])('over HTTP with Accept-Language %s: %s', async (header, message) => {
    const { body } = await http(task, 'GET', '/api/task/list', { headers: { 'accept-language': header } });
    expect(body.error).toMatchObject({ code: 'UNAUTHENTICATED', message });
  });
});
