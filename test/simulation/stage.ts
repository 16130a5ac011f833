import { inject } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import type { Envelope, ErrorBody } from '../../shared/errors';
import type { SyncInput, SyncOutput } from '../../shared/sync/contract';
import { realCloud } from '../client/cloud';
import { type App, newPhone, type Phone, settle } from '../client/wx';
import { db, grant, NOON, newOpenid, select, send } from '../harness';
import { readSessions } from '../sessions';
import type { Fault, History, Step } from './history';
import { Story } from './story';

const DAYS = ['2025-01-20', '2025-01-21', '2025-01-22'];
/** Of the server's clock at the start: what is written for it waits. */
const TOMORROW = '2025-01-23';
const START_POINTS = 1_000;
/** What the database is made to choke on; see poisonDatabase. */
const POISON = '毒';

export interface Device {
  name: string;
  phone: Phone;
  app: App;
  policy: History['phones'][number]['policy'];
  faults: Fault[];
  backup: { storage: Map<string, unknown>; at: number } | null;
  /** What a page left open shows of a date. */
  pages: Map<string, Shown>;
  /** Another instance of the SDK that lives on the same phone. */
  other?: App | undefined;
}

type Call = Parameters<Phone['cloud']>[0];

/** How a broken twin differs: it changes what is asked or answered, or what lies in storage. */
export interface Twin {
  asked?(data: SyncInput, stage: Stage): Promise<void> | void;
  answered?(answer: SyncOutput, original: SyncInput): void;
  afterStep?(stage: Stage): Promise<void> | void;
}

const broken = (): Promise<never> => Promise.reject(new Error('request:fail'));

/** One child with some phones, the real functions, and a network that fails as the history says. */
export class Stage {
  readonly openid = newOpenid();
  readonly clock = { now: Date.parse(NOON) };
  readonly story = new Story();
  readonly devices: Device[] = [];
  /** How often each thing happened that histories are meant to bring about. */
  readonly tally = new Map<string, number>();
  userId = 0;
  private late: (() => Promise<unknown>)[] = [];
  private counter = 0;

  private readonly cloud = realCloud(
    () => this.openid,
    () => this.clock.now,
  );
  private readonly pageLimit: number;
  private readonly twin: Twin;

  private constructor(pageLimit: number, twin: Twin) {
    this.pageLimit = pageLimit;
    this.twin = twin;
  }

  static async open({ phones, pageLimit }: History, twin: Twin = {}): Promise<Stage> {
    const stage = new Stage(pageLimit, twin);
    for (const [index, { policy, clockOffsetMs }] of phones.entries()) {
      const phone = newPhone((request) => stage.carry(device, request), stage.clock.now + clockOffsetMs);
      const device: Device = {
        name: `phone ${index}`,
        phone,
        app: phone.start({ conflictPolicy: policy }),
        policy,
        faults: [],
        backup: null,
        pages: new Map(),
      };
      stage.devices.push(device);
      const { userInfo } = await device.app.login();
      stage.userId = userInfo.id;
      await device.app.sync.now();
      device.backup = { storage: structuredClone(phone.storage), at: 0 };
    }
    await grant(stage.userId, START_POINTS);
    return stage;
  }

  close(): void {
    for (const { app } of this.devices) app.kill();
  }

  private count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  private async server(request: Call): Promise<unknown> {
    if (request.name !== 'sync' || request.action !== 'sync') return this.cloud(request);
    const asked = { ...(structuredClone(request.data) as SyncInput), limit: this.pageLimit };
    await this.twin.asked?.(asked, this);
    const envelope = (await this.cloud({ ...request, data: asked })) as Envelope<SyncOutput>;
    this.count(envelope.success ? 'calls' : envelope.error.code);
    if (!envelope.success) return envelope;
    const { results, reset, hasMore } = envelope.data;
    for (const { status, replayed, code } of results) this.count(`${code ?? status}${replayed ? ' replayed' : ''}`);
    if (reset) this.count('reset');
    if (hasMore) this.count('cut page');
    this.twin.answered?.(envelope.data, request.data as SyncInput);
    return envelope;
  }

  private async carry(device: Device, request: Call): Promise<unknown> {
    const pass = () => this.server(request);
    const fault = request.name === 'sync' ? device.faults.shift() : undefined;
    switch (fault) {
      case 'drop':
        return broken();
      case 'lose':
        await pass();
        return broken();
      case 'twice':
        return (await Promise.all([pass(), this.server(structuredClone(request))]))[0];
      case 'again-later': {
        const copy = structuredClone(request);
        this.late.push(() => this.server(copy));
        return pass();
      }
      case 'refuse':
        return { success: false, error: { code: 'UNAVAILABLE', message: '' } satisfies ErrorBody, requestId: 'r' };
      case 'kill-connections':
        return killingConnections(pass());
      case undefined:
        return pass();
    }
  }

  /** A text nobody wrote before. */
  private newText(device: { name: string }, what = ''): string {
    this.counter += 1;
    return `${what}${device.name} 第${this.counter}次`;
  }

  private at(index: number): Device {
    const device = this.devices[index % this.devices.length];
    if (!device) throw new Error('no phone');
    if (device.app.isKilled()) this.restart(device);
    return device;
  }

  restart(device: Device): void {
    device.app.kill();
    device.other?.kill();
    device.other = undefined;
    device.app = device.phone.start({ conflictPolicy: device.policy });
  }

  /** The phone's user goes on in its other instance, while this one lives on. */
  private turn(device: Device): void {
    const other = device.other ?? device.phone.start({ conflictPolicy: device.policy });
    device.other = device.app;
    device.app = other;
    this.count('turned');
  }

  /** Resolves when the phone has answered, or was killed and never will: then its user cannot know whether it is done. */
  private async attempt<Answer>(device: Device, work: () => Promise<Answer>): Promise<{ answer: Answer } | { code: string } | null> {
    const { app } = device;
    let outcome: { answer: Answer } | { code: string } | undefined;
    work().then(
      (answer) => {
        // What a process says as it dies is heard by nobody.
        if (!app.isKilled()) outcome = { answer };
      },
      (error) => {
        outcome = { code: String(error?.code ?? error?.message) };
      },
    );
    for (let turn = 0; outcome === undefined && !app.isKilled(); turn += 1) {
      if (turn > 5_000) throw new Error('a call of the SDK hangs');
      await new Promise((resolve) => setTimeout(resolve, turn < 20 ? 0 : 2));
    }
    return outcome === undefined || ('code' in outcome && app.isKilled()) ? null : outcome;
  }

  /** What the phone shows of a day: the text its user builds upon. */
  private async shown({ app }: Device, date: string): Promise<Shown | null> {
    const { diaries } = await app.diary.list({ from: date, to: date, limit: 1 }, { prefer: 'cache' });
    return diaries[0] ?? null;
  }

  private async write(device: Device, date: string, content: string, isDraft: boolean): Promise<void> {
    const { app } = device;
    // Looked at and written over without a pause: nothing can come in between.
    let before: Shown | null = null;
    const written = await this.attempt(device, async () => {
      before = await this.shown(device, date);
      return before ? app.diary.update({ date, version: before.version, content, isDraft }) : app.diary.create({ date, content, isDraft });
    });
    const over = contentOf(before);
    if (before) device.pages.set(date, before);
    if (over !== null && (written === null || isUnsent(before))) this.story.parted(over);
    const isSaved = written !== null && ('answer' in written || written.code === 'VERSION_CONFLICT');
    if (isSaved) this.story.saved({ content, date, by: device.name, over, hasSucceeded: 'answer' in written });
  }

  /** Writes without having looked: what stands there must not be taken for seen, unless this phone wrote it. */
  private async writeBlindly(device: Device, date: string): Promise<void> {
    const content = this.newText(device);
    const before = contentOf(await this.shown(device, date));
    const written = await this.attempt(device, () => device.app.diary.create({ date, content }));
    if (before !== null && this.story.texts.get(before)?.by === device.name) this.story.parted(before);
    const isSaved = written !== null && ('answer' in written || written.code === 'VERSION_CONFLICT');
    if (isSaved) this.story.saved({ content, date, by: device.name, over: null, hasSucceeded: true });
    this.count('written blindly');
  }

  /** A page that was left open saves what it shows with a new text. */
  private async writeFromOldPage(device: Device, date: string): Promise<void> {
    const page = device.pages.get(date);
    if (!page) return;
    const content = this.newText(device);
    const written = await this.attempt(device, () => device.app.diary.update({ date, version: page.version, content }));
    const isSaved = written !== null && ('answer' in written || written.code === 'VERSION_CONFLICT');
    if (isSaved) this.story.saved({ content, date, by: device.name, over: page.content, hasSucceeded: 'answer' in written });
    this.count('written from an old page');
  }

  private async move(device: Device, date: string, to: string): Promise<void> {
    const shown = await this.shown(device, date);
    if (!shown || date === to) return;
    const moved = await this.attempt(device, () => device.app.diary.update({ id: shown.id, version: shown.version, date: to }));
    if (moved && 'answer' in moved) this.count('moved');
  }

  /** One cached row becomes unreadable. No page may then say that there is nothing, or list less without saying so. */
  private async spoil(device: Device, date: string): Promise<void> {
    const key = [...device.phone.storage.keys()].find((name) => name.endsWith(`:row:diary:${date}`));
    const shown = key && (await this.shown(device, date));
    if (!key || !shown) return;
    const list = () => device.app.diary.list({ limit: 10 }, { prefer: 'cache' });
    const before = (await list()).diaries.map((row) => row.date);
    device.phone.storage.set(key, 'rubbish');
    this.restart(device);
    this.count('rubbish');
    const listed = await this.attempt(device, list);
    if (listed && 'answer' in listed && !listed.answer.partial) {
      const known = await this.attempt(device, list);
      if (known && 'answer' in known) expectAll(known.answer.diaries, before);
    }
    const read = await this.attempt(device, () => device.app.diary.get({ date }, { prefer: 'cache' }));
    if (read && 'code' in read && read.code === 'NOT_FOUND') throw new Error(`NOT_FOUND for ${date}, whose row cannot be read`);
  }

  private async delete(device: Device, date: string): Promise<void> {
    let before: Shown | null = null;
    const deleted = await this.attempt(device, async () => {
      before = await this.shown(device, date);
      return before && device.app.diary.delete({ date, version: before.version });
    });
    const over = contentOf(before);
    if (over !== null && (deleted === null || 'answer' in deleted || isUnsent(before))) this.story.parted(over);
  }

  private async resolve(device: Device, choice: 'mine' | 'theirs' | 'new'): Promise<void> {
    const [conflict] = device.app.sync.conflicts();
    if (!conflict) return;
    const { id, date, mine, theirs } = conflict;
    const content = this.newText(device);
    const page = await this.attempt(device, () => this.shown(device, date));
    if (page === null || 'code' in page) return;
    const overs = [mine?.content, theirs?.content, page.answer?.content].filter((over) => over !== undefined);
    const done = await this.attempt(device, async () => device.app.sync.resolve(id, choice === 'new' ? { content } : choice));
    if (done !== null && 'code' in done) return;
    if (done === null) {
      for (const over of overs) this.story.parted(over);
      return;
    }
    if (choice === 'theirs') {
      if (mine) this.story.parted(mine.content);
      return;
    }
    const next = choice === 'new' ? content : (mine?.content ?? null);
    for (const over of overs) {
      if (over === next) continue;
      if (next === null) this.story.parted(over);
      else this.story.saved({ content: next, date, by: device.name, over, hasSucceeded: true });
    }
  }

  private async spend(device: Device, much: boolean): Promise<void> {
    const source = this.newText(device, '花');
    const amount = much ? START_POINTS / 2 : 1;
    const spent = await this.attempt(device, () => device.app.points.deduct({ amount, source }));
    if (spent && 'answer' in spent) this.story.spent(source, device.name);
  }

  private pass(ms: number): void {
    this.clock.now += ms;
    for (const { phone } of this.devices) phone.clock.now += ms;
  }

  async step(step: Step): Promise<void> {
    this.pass(1_000);
    await this.act(step);
    await this.twin.afterStep?.(this);
  }

  private async act(step: Step): Promise<void> {
    switch (step.kind) {
      case 'write': {
        const device = this.at(step.phone);
        return this.write(device, dayOf(step.day), this.newText(device), step.draft);
      }
      case 'same': {
        const content = this.newText({ name: 'both' });
        for (const index of step.phones) await this.write(this.at(index), dayOf(step.day), content, false);
        return;
      }
      case 'delete':
        return this.delete(this.at(step.phone), dayOf(step.day));
      case 'spend':
        return this.spend(this.at(step.phone), step.much);
      case 'task': {
        const device = this.at(step.phone);
        const made = await this.attempt(device, () => device.app.task.create({ title: this.newText(device, '练') }));
        if (made && 'answer' in made) await this.attempt(device, () => device.app.task.complete({ id: made.answer.task.id }));
        return;
      }
      case 'poison': {
        const device = this.at(step.phone);
        return this.write(device, dayOf(step.day), this.newText(device, POISON), false);
      }
      case 'future': {
        const device = this.at(step.phone);
        return this.write(device, '2025-01-29', this.newText(device), false);
      }
      case 'tomorrow': {
        const device = this.at(step.phone);
        return this.write(device, TOMORROW, this.newText(device), false);
      }
      case 'over-draft':
        return this.writeBlindly(this.at(step.phone), dayOf(step.day));
      case 'stale-page':
        return this.writeFromOldPage(this.at(step.phone), dayOf(step.day));
      case 'move':
        return this.move(this.at(step.phone), dayOf(step.day), dayOf(step.to));
      case 'rubbish':
        return this.spoil(this.at(step.phone), dayOf(step.day));
      case 'unnoticed-network': {
        const { phone, app } = this.at(step.phone);
        phone.isOnline = true;
        app.show();
        return settle();
      }
      case 'resolve':
        return this.resolve(this.at(step.phone), step.choice);
      case 'aside': {
        const device = this.at(step.phone);
        const [aside] = device.app.sync.setAside();
        if (!aside) return;
        if (step.choice === 'retry') await this.attempt(device, () => device.app.sync.retry(aside.id));
        else {
          device.app.sync.discard(aside.id);
          this.story.parted(String(aside.args.content ?? aside.args.source));
        }
        return;
      }
      case 'sync': {
        const device = this.at(step.phone);
        await this.attempt(device, () => device.app.sync.now());
        return;
      }
      case 'sync-all':
        await Promise.all(
          this.devices.map((_, index) => this.at(index)).map((device) => this.attempt(device, () => device.app.sync.now())),
        );
        return;
      case 'network':
        this.at(step.phone).app.network(step.isOn);
        return settle();
      case 'fault':
        this.at(step.phone).faults.push(step.fault);
        return;
      case 'deliver':
        await this.late.shift()?.();
        return;
      case 'kill':
        this.at(step.phone).phone.killAt = { write: step.write, when: step.when };
        return;
      case 'restart':
        return this.restart(this.at(step.phone));
      case 'turn':
        return this.turn(this.at(step.phone));
      case 'backup': {
        const device = this.at(step.phone);
        device.backup = { storage: structuredClone(device.phone.storage), at: this.story.moment() };
        return;
      }
      case 'restore': {
        const device = this.at(step.phone);
        if (!device.backup) return;
        device.app.kill();
        device.phone.storage = structuredClone(device.backup.storage);
        this.count('restored');
        this.story.forgotten(device.name, device.backup.at);
        return this.restart(device);
      }
      case 'direct':
        return this.direct(dayOf(step.day));
      case 'comment':
        return this.comment(dayOf(step.day));
      case 'collect':
        return this.collect();
      case 'new-epoch':
        await select('UPDATE sync_epoch SET epoch = epoch + 1');
        return;
      case 'time':
        return this.pass(step.minutes * 60_000);
    }
  }

  /** The same child at a door without the SDK. */
  private async direct(date: string): Promise<void> {
    const content = this.newText({ name: 'the web' });
    const options = { now: new Date(this.clock.now).toISOString() };
    const [row] = await select<{ id: number; content: string; version: number }>(
      'SELECT id, content, content_rev AS version FROM diaries WHERE user_id = ? AND diary_date = ? AND deleted_at IS NULL',
      [this.userId, date],
    );
    const answer = row
      ? await send(diary, this.openid, 'update', { id: row.id, version: row.version, content }, options)
      : await send(diary, this.openid, 'create', { date, content }, options);
    // A phone in the background was faster.
    if (!answer.success) return;
    this.story.saved({ content, date, by: 'the web', over: row?.content ?? null, hasSucceeded: true });
  }

  /** As the AI's posting does: the user's row first, then the comment under the new rev. */
  private async comment(date: string): Promise<void> {
    const connection = await db().getConnection();
    try {
      await connection.beginTransaction();
      await connection.query('UPDATE users SET rev = rev + 1 WHERE id = ?', [this.userId]);
      await connection.query(
        `UPDATE diaries JOIN users ON users.id = user_id SET ai_comment = CONCAT('评', users.rev), diaries.rev = users.rev
          WHERE user_id = ? AND diary_date = ? AND deleted_at IS NULL`,
        [this.userId, date],
      );
      await connection.commit();
    } finally {
      connection.release();
    }
  }

  private async collect(): Promise<void> {
    const longAgo = '2000-01-01';
    for (const table of ['diaries', 'tasks'])
      await select(`UPDATE ${table} SET deleted_at = ? WHERE user_id = ? AND deleted_at IS NOT NULL`, [longAgo, this.userId]);
    await select('CALL post_garbage(?, ?, 1000)', [this.userId, '2001-01-01']);
  }

  /** All faults end, and every phone syncs until nothing moves any more. */
  async heal(): Promise<void> {
    for (const deliver of this.late.splice(0)) await deliver();
    for (const device of this.devices) {
      device.faults = [];
      device.phone.killAt = null;
      this.restart(device);
      device.app.network(true);
    }
    // Texts of tomorrow go out.
    this.pass(24 * 3_600_000);
    for (let round = 0; round < 3; round += 1) {
      for (const device of this.devices) {
        // A poisonous mutation needs three failures.
        for (let run = 0; run < 12; run += 1) {
          await this.attempt(device, () => device.app.sync.now());
          if (run > 0 && device.app.sync.status().pending === 0) break;
        }
        // Rows that could not be read come back as they are looked at.
        await this.attempt(device, () => device.app.diary.list({ limit: 100 }));
      }
    }
  }
}

function expectAll(diaries: readonly { date: string }[], before: readonly string[]): void {
  const dates = new Set(diaries.map(({ date }) => date));
  const gone = before.filter((date) => !dates.has(date));
  if (gone.length > 0) throw new Error(`a list lacks ${gone.join()} without saying so`);
}

interface Shown {
  id: number;
  content: string;
  version: number;
  pending?: true;
}

/** Its author writes over what may never have left the phone: whatever becomes of the new text, the old one is gone knowingly. */
const isUnsent = (shown: Shown | null): boolean => shown?.pending === true;

const contentOf = (shown: Shown | null): string | null => shown?.content ?? null;

const dayOf = (index: number): string => DAYS[index % DAYS.length] ?? '';

async function killingConnections<Answer>(work: Promise<Answer>): Promise<Answer> {
  let isDone = false;
  const finished = work.finally(() => {
    isDone = true;
  });
  const { runtime } = inject('services');
  for (let kills = 0; kills < 6 && !isDone; ) {
    for (const { id, user, database, isBusy } of await readSessions(select)) {
      if (user !== runtime.user || database !== process.env.DB_NAME || !isBusy) continue;
      await select(`KILL ${id}`).catch(() => {});
      kills += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return finished;
}

/** The database fails, for no reason of its own, on every text that begins with the poison. Answers how to cure it. */
export async function poisonDatabase(): Promise<() => Promise<void>> {
  for (const when of ['INSERT', 'UPDATE']) {
    await select(`CREATE TRIGGER poison_${when} BEFORE ${when} ON diaries FOR EACH ROW
      IF NEW.content LIKE '${POISON}%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`);
  }
  return async () => {
    for (const when of ['INSERT', 'UPDATE']) await select(`DROP TRIGGER IF EXISTS poison_${when}`);
  };
}
