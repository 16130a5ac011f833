import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cosAccount, type FakeCos, startFakeCos } from '../../dev/fakes/cos';
import { main as diary } from '../../functions/diary/index';
import { main as monitor } from '../../functions/monitor/index';
import { main as user } from '../../functions/user/index';
import { type CosSettings, config } from '../../shared/runtime/config';
import { upload } from '../../shared/storage/storage';
import { type Child, configure, fire, http, newChild, ok, refused, select, TODAY, withSettings } from '../harness';

const fakes: { cos: FakeCos } = { cos: await startFakeCos() };
const storage: CosSettings = { kind: 'cos', ...cosAccount, endpoint: fakes.cos.url };
configure({ storage, rateLimitFactor: 1_000 });

beforeAll(() => {
  expect(config().storage.kind).toBe('cos');
});
beforeEach(() => fakes.cos.behave('well'));
afterAll(() => fakes.cos.stop());

const bytes = Buffer.from('a picture');

const sign = ({ openid }: Child, changes: object = {}) =>
  ok(user, openid, 'uploadUrl', { contentType: 'image/png', bytes: bytes.length, ...changes });

const put = (url: string, body: Buffer, type = 'image/png') => fetch(url, { method: 'PUT', body, headers: { 'content-type': type } });

/** COS answers its refusals in XML. */
const codeOf = async (response: Response): Promise<string> =>
  `${response.status} ${/<Code>(\w+)<\/Code>/.exec(await response.text())?.[1]}`;

describe('a picture', () => {
  test('goes to COS by a signed link into the child’s own folder, and is read by signed links', async () => {
    const child = await newChild();
    const { storage: kind, fileId, url, headers } = await sign(child);
    expect(kind).toBe('cos');
    expect(fileId).toMatch(new RegExp(`^cos://${cosAccount.bucket}/users/${child.userId}/2025-01/[0-9a-f]{32}\\.png$`));
    expect((await fetch(url, { method: 'PUT', body: bytes, headers })).status).toBe(200);
    const { diary: written } = await ok(diary, child.openid, 'create', { date: TODAY, content: '有图', images: [fileId] });
    expect(written.images).toEqual([fileId]);
    const { diary: read } = await ok(diary, child.openid, 'get', { date: TODAY });
    const shown = await fetch(read.imageUrls[0]);
    expect([shown.headers.get('content-type'), await shown.text()]).toEqual(['image/png', 'a picture']);
    expect(await codeOf(await fetch(read.imageUrls[0].split('?')[0]))).toBe('403 AccessDenied');
  });

  test('may be asked for over HTTP too', async () => {
    const { token } = await newChild();
    const body = { contentType: 'image/webp', bytes: 10 };
    expect((await http(user, 'POST', '/api/user/uploadUrl', { token, body })).body.data.fileId).toMatch(/\.webp$/);
  });

  test.each<[string, (url: string) => Promise<Response>]>([
    ['a larger file', (url) => put(url, Buffer.concat([bytes, bytes]))],
    ['another type', (url) => put(url, bytes, 'text/html')],
    ['another path', (url) => put(url.replace(/\/users\/\d+\//, '/users/1/'), bytes)],
    ['a deletion', (url) => fetch(url, { method: 'DELETE' })],
  ])('a link takes no %s', async (_, send) => {
    const { url } = await sign(await newChild());
    const before = fakes.cos.objects.size;
    expect((await send(url)).status).toBeGreaterThanOrEqual(403);
    expect(fakes.cos.objects.size).toBe(before);
  });

  test('an expired link is refused', async () => {
    const { url } = await sign(await newChild());
    const past = url.replace(/q-sign-time=\d+;\d+/, 'q-sign-time=1;2').replace(/q-key-time=\d+;\d+/, 'q-key-time=1;2');
    expect(await codeOf(await put(past, bytes))).toBe('403 RequestTimeTooSkewed');
  });

  test.each([
    [{ contentType: 'image/svg+xml' }, 'contentType'],
    [{ contentType: 'text/html' }, 'contentType'],
    [{ bytes: 10 * 1_024 * 1_024 + 1 }, 'bytes'],
    [{ bytes: 0 }, 'bytes'],
    [{ bytes: '9' }, 'bytes'],
    [{ path: 'users/1/a.png' }, 'path'],
  ])('%j is refused at its field', async (changes, path) => {
    const { openid } = await newChild();
    const error = await refused(user, openid, 'uploadUrl', { contentType: 'image/png', bytes: 9, ...changes });
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
  });

  test.each([
    'cos://another-1250000000/users/ME/a.png',
    'cos://local-1250000000/users/1/a.png',
    'cos://local-1250000000/users/ME/../1/a.png',
    'cos:///users/ME/a.png',
  ])('the file %s is nobody’s own', async (file) => {
    const { openid, userId } = await newChild();
    const images = [file.replace('ME', String(userId))];
    expect((await refused(diary, openid, 'create', { date: TODAY, content: 'x', images })).code).toBe('INVALID_INPUT');
  });

  test('with CloudBase storage the answer names the folder that the phone may upload to', async () => {
    const child = await newChild();
    await withSettings({ storage: { kind: 'cloudbase' } }, async () => {
      expect(await sign(child)).toEqual({ storage: 'cloudbase', folder: `users/${child.userId}/` });
    });
  });
});

describe('an erased account', () => {
  const erase = ({ openid }: Child) => ok(user, openid, 'erase', { confirm: '注销账号' });
  const filesOf = ({ userId }: Child) => [...fakes.cos.objects.keys()].filter((key) => key.startsWith(`users/${userId}/`));

  async function childWithPictures(): Promise<Child> {
    const child = await newChild();
    const images = await Promise.all(['a', 'b'].map((name) => upload(`users/${child.userId}/${name}.png`, bytes)));
    await ok(diary, child.openid, 'create', { date: TODAY, content: '有图', images });
    await ok(user, child.openid, 'update', { avatar: await upload(`users/${child.userId}/me.png`, bytes) });
    expect(filesOf(child)).toHaveLength(3);
    return child;
  }

  test('leaves no file in COS', async () => {
    const child = await childWithPictures();
    await erase(child);
    expect(filesOf(child)).toEqual([]);
  });

  test.each(['failing', 'keeping'] as const)('keeps its files listed while COS is %s, and they go once it is well', async (how) => {
    const child = await childWithPictures();
    fakes.cos.behave(how);
    await erase(child);
    expect(await select('SELECT 1 FROM erased_files WHERE user_id = ?', [child.userId])).not.toEqual([]);
    fakes.cos.behave('well');
    await fire(monitor, 'collect', '2025-01-22T04:02:00Z');
    expect(filesOf(child)).toEqual([]);
  });
});

test('a large export is a file in COS behind a link, and is removed when the link ends', async () => {
  const { openid, userId } = await newChild();
  const content = '长'.repeat(10_000);
  for (const month of ['10', '11'])
    for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-${month}-${day}`, content });
  const { fileUrl } = await ok(user, openid, 'export');
  const document = (await (await fetch(fileUrl)).json()) as { diaries: unknown[] };
  expect(document.diaries).toHaveLength(38);
  const exported = () => [...fakes.cos.objects.keys()].filter((key) => key.startsWith(`users/${userId}/exports/`));
  expect(exported()).toHaveLength(1);
  await fire(monitor, 'collect', '2025-01-22T05:01:00Z');
  expect(exported()).toEqual([]);
});

test('monitor.health tells whether storage answers', async () => {
  const health = async () => {
    const { checks } = await ok(monitor, null, 'health', {}, { token: 'operator-token-of-the-tests' });
    return checks.find(({ name }: { name: string }) => name === 'storage');
  };
  expect(await health()).toMatchObject({ status: 'ok', detail: 'cos' });
  fakes.cos.behave('failing');
  expect(await health()).toMatchObject({ status: 'down' });
  await withSettings({ storage: { ...storage, bucket: 'none-1' } }, async () => expect(await health()).toMatchObject({ status: 'down' }));
  await withSettings({ storage: { kind: 'cloudbase' }, cloud: null }, async () =>
    expect(await health()).toMatchObject({ status: 'ok', detail: 'not configured' }),
  );
});
