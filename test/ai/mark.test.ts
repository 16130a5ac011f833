import { inflateSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../../dev/browser';
import { png } from '../../dev/fakes/ai-tricks';
import { type AigcMark, markOf, withMark } from '../../shared/ai/aigc-mark';
import { markJpeg } from '../../shared/ai/metadata/jpeg';
import { markPng } from '../../shared/ai/metadata/png';
import type { Picture } from '../../shared/ai/picture';
import { config } from '../../shared/runtime/config';
import { configure } from '../harness';
import { describeInBrowser } from '../page/site';

configure({ aiProducer: '成长日记 <"测试"&>' });

const job = { userId: 7, id: 42 };
const read = (picture: Picture): AigcMark => JSON.parse(markOf(picture) ?? 'null');

/** The compressed pixels of a PNG, unpacked. */
function pixelsOf(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return inflateSync(Buffer.concat(parts));
}

describe('a PNG', () => {
  const plain: Picture = { bytes: png, extension: 'png' };

  test('gets the label as text and as XMP; its pixels are the same', () => {
    const marked = withMark(plain, job);
    expect(read(marked)).toEqual({
      Label: '1',
      ContentProducer: config().aiProducer,
      ProduceID: expect.stringMatching(/^[\w-]{22}$/),
      ReservedCode1: '',
      ContentPropagator: config().wechat.appId,
      PropagateID: read(marked).ProduceID,
      ReservedCode2: '',
    });
    const text = marked.bytes.toString('latin1');
    expect(text).toContain('tEXtAIGC\0{"Label":"1"');
    expect(text).toContain('XML:com.adobe.xmp');
    expect(pixelsOf(marked.bytes)).toEqual(pixelsOf(png));
    expect(marked.bytes.subarray(0, 33)).toEqual(png.subarray(0, 33));
  });

  test('says which picture it is, and not whose: two pictures differ, the same one never does', () => {
    const ids = [job, job, { userId: 7, id: 43 }, { userId: 8, id: 42 }].map((each) => read(withMark(plain, each)).ProduceID);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
  });

  test('that the provider labelled stays as it is, byte for byte', () => {
    const theirs = { ...plain, bytes: markPng(png, JSON.stringify({ Label: '1', ContentProducer: 'provider', ProduceID: 'p1' })) };
    expect(withMark(theirs, job).bytes).toBe(theirs.bytes);
  });

  test.each(['not JSON', '{}', '{"Label":"1"}', '{"Label":"9","ContentProducer":"x"}', 'null'])(
    'with the label %s, which says nothing, gets ours',
    (broken) => {
      const marked = withMark({ ...plain, bytes: markPng(png, broken) }, job);
      expect(read(marked)).toMatchObject({ Label: '1', ContentProducer: config().aiProducer });
      expect(pixelsOf(marked.bytes)).toEqual(pixelsOf(png));
    },
  );

  test('that is cut off or only begins like one stays as it is', () => {
    for (const bytes of [png.subarray(0, 20), png.subarray(0, 8), Buffer.concat([png.subarray(0, 8), Buffer.alloc(40, 1)])]) {
      expect(withMark({ bytes, extension: 'png' }, job).bytes).toEqual(bytes);
    }
  });
});

test('a JPEG’s own XMP is kept beside the label', () => {
  const own = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description dc:title="公园"/></rdf:RDF></x:xmpmeta>';
  const data = Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), Buffer.from(own)]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(data.length + 2, 4);
  const scan = Buffer.from([0xff, 0xda, 0x00, 0x02, 1, 2, 3, 0xff, 0xd9]);
  const marked = withMark({ bytes: Buffer.concat([head, data, scan]), extension: 'jpg' }, job);
  expect(read(marked).Label).toBe('1');
  expect(marked.bytes.toString()).toContain('dc:title="公园"');
  expect(marked.bytes.subarray(-scan.length)).toEqual(scan);
  expect(markJpeg(Buffer.from([0xff, 0xd8, 0xff]), '{}').subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
});

describeInBrowser('decoded by a browser before and after', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium(findChromium() ?? '');
    page = await browser.newPage();
  });
  afterAll(() => browser?.close());

  const draw = (type: string, quality: number, alpha: number): Promise<string> =>
    page.evaluate(`(() => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 37, height: 23 });
      const pen = canvas.getContext('2d');
      for (let x = 0; x < 37; x += 1) {
        pen.fillStyle = \`rgba(\${x * 6}, \${255 - x * 5}, \${(x * 37) % 255}, ${alpha})\`;
        pen.fillRect(x, 0, 1, 23);
      }
      return canvas.toDataURL('${type}', ${quality}).split(',')[1];
    })()`);
  /** Width, height, and four numbers for each point. */
  const decode = (type: string, base64: string): Promise<number[]> =>
    page.evaluate(`(async () => {
      const image = new Image();
      image.src = 'data:${type};base64,${base64}';
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      const pen = canvas.getContext('2d');
      pen.drawImage(image, 0, 0);
      return [image.width, image.height, ...pen.getImageData(0, 0, image.width, image.height).data];
    })()`);

  test.each([
    ['a JPEG', 'image/jpeg', 'jpg', 0.8, 1],
    ['a WebP with losses', 'image/webp', 'webp', 0.6, 1],
    ['a WebP without losses', 'image/webp', 'webp', 1, 1],
    ['a WebP one can see through', 'image/webp', 'webp', 0.6, 0.5],
    ['a PNG', 'image/png', 'png', 1, 0.5],
  ] as const)('%s has the same pixels and carries the label', async (_, type, extension, quality, alpha) => {
    const base64 = await draw(type, quality, alpha);
    const bytes = Buffer.from(base64, 'base64');
    expect(markOf({ bytes, extension })).toBeNull();
    const marked = withMark({ bytes, extension }, job);
    expect(read(marked)).toMatchObject({ Label: '1', ContentProducer: config().aiProducer });
    const again = withMark(marked, job);
    expect(again.bytes).toBe(marked.bytes);
    const [before, after] = await Promise.all([decode(type, base64), decode(type, marked.bytes.toString('base64'))]);
    expect(before.slice(0, 2)).toEqual([37, 23]);
    expect(after).toEqual(before);
  });
});
