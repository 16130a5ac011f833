/*
 * Everything a mini-program sees of the SDK. This file imports nothing: it is published as it stands, as growth-diary.d.ts, and a test proves its
 * shapes equal to the server's contracts.
 */

export interface Diary {
  /** Below 0 until the server has seen this diary; every call takes it nevertheless. */
  id: number;
  /** `YYYY-MM-DD` */
  date: string;
  content: string;
  mood: string;
  /** Recorded with `recordMood`; null: none. */
  moodOfDay: string | null;
  weather: string;
  images: string[];
  /** Pictures that did not pass the check are no longer in `images`: show the sentence in their place. */
  hiddenImages?: { count: number; message: string } | undefined;
  tags: string[];
  aiComment: string | null;
  /** Show its label beside the comment. `at` is null for one that was brought over without a time. */
  aiCommentInfo: { at: string | null; liked: boolean; aiGenerated: true; isForEarlierVersion: boolean } | null;
  aiImage: string | null;
  aiImageInfo: { aiGenerated: true } | null;
  /** https links to `images`, for a while; a mini-program shows the file ids themselves. */
  imageUrls?: string[] | undefined;
  isDraft: boolean;
  /** Give it back with an update: the server sees what the writer had seen. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

export interface Stats {
  totalDiaries: number;
  continuousDays: number;
  longestStreak: number;
  lastDiaryDate: string | null;
}

export interface UserInfo {
  id: number;
  openid: string;
  nickname: string;
  avatar: string;
  points: number;
}

/** For a guardian with an account of their own: the child that is meant. @public */
export interface ForChild {
  childId?: number | undefined;
}

/** @public */
export type Some = { id: number } | { ids: number[] };

/** Of the phone that a child and a guardian share. @public */
export interface Gate {
  hasPin: boolean;
  /** When a forgotten PIN stops counting. */
  resetAt: string | null;
}

/** @public */
export interface ConsentInput {
  version: string;
  relation: 'parent' | 'guardian';
  items: { diary: true; ai: boolean; pictures: boolean };
  /** Six digits: also sets the first PIN. */
  pin?: string | undefined;
}

export interface Consent {
  version: string;
  relation: 'parent' | 'guardian';
  items: { diary: true; ai: boolean; pictures: boolean };
  createdAt: string;
}

/** @public */
export interface Settings {
  aiEnabled: boolean;
  /** Completed tasks that wait for a guardian. */
  taskApproval: 'none' | 'own' | 'all';
  /** Guardians with accounts of their own may read the diary. */
  shareDiary: boolean;
}

export interface Profile extends UserInfo, Stats {
  settings: Settings;
  createdAt: string;
}

export interface Task {
  /** Below 0 until the server has seen this task. */
  id: number;
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  isSystem: boolean;
  isCompleted: boolean;
  completedAt: string | null;
  date: string;
  repeat: Repeat;
  /** `waiting`: completed, and a guardian has to approve it. */
  status: 'open' | 'waiting' | 'done';
  /** HH:MM in Beijing. */
  remindAt: string | null;
  /** Only a guardian can change it. */
  byGuardian: boolean;
  /** Why the last completion was not approved. */
  rejectedReason: string | null;
}

/** 1 = Monday … 7 = Sunday. @public */
export type Repeat = { kind: 'once' } | { kind: 'daily' } | { kind: 'weekly'; weekdays: number[] } | { kind: 'monthly'; day: number };

/** One line of the points ledger. */
export interface PointRecord {
  id: number;
  amount: number;
  balanceAfter: number;
  source: string;
  description: string;
  relatedId: number | null;
  relatedType: string | null;
  createdAt: string;
}

export interface Prize {
  id: number;
  name: string;
  description: string;
  imageUrl: string;
  emoji: string;
  /** `physical`: handed over by a guardian; `virtual`: points. */
  kind: 'physical' | 'virtual' | 'badge';
  probability: number;
  /** −1: unlimited */
  stock: number;
  /** Credited to the winner. */
  points: number;
  isActive: boolean;
}

export interface Draw {
  id: number;
  isWinner: boolean;
  /** As it was when it was won. */
  prize: {
    id: number | null;
    name: string;
    imageUrl: string;
    emoji: string;
    description: string;
    kind: 'physical' | 'virtual' | 'badge';
  } | null;
  /** Whether a guardian has handed it over; null: there is nothing to hand over. */
  given: boolean | null;
  costPoints: number;
  pointsWon: number;
  createdAt: string;
}

/** One prize of a family's own list. @public */
export interface FamilyPrize {
  id: number;
  name: string;
  description: string;
  emoji: string;
  image: string;
  kind: 'physical' | 'virtual' | 'badge';
  /** Points, of a virtual one. */
  value: number;
  weight: number;
  stockType: 'unlimited' | 'limited';
  stock: number;
  isActive: boolean;
}

/** @public */
export type FamilyPrizeInput = Pick<FamilyPrize, 'name' | 'kind' | 'weight'> & {
  [Name in keyof FamilyPrize]?: FamilyPrize[Name] | undefined;
};

export interface Wheel {
  source: 'system' | 'family';
  cost: number;
  dailyLimit: number;
  /** Give it back with `savePrizes`. */
  version: number;
  blankWeight: number;
  /** The family's own list, also while the system's prizes are drawn. */
  prizes: FamilyPrize[];
}

export interface Job {
  id: number;
  kind: 'comment' | 'image';
  diaryId: number | null;
  status: 'queued' | 'running' | 'done' | 'failed';
  result: {
    text?: string | undefined;
    /** A file id of cloud storage, as in a diary. */
    imageUrl?: string | undefined;
    /** An https link to the same picture, for a while. */
    temporaryUrl?: string | undefined;
    aiGenerated: true;
  } | null;
  error: { code: string; message: string; retryable: boolean } | null;
  createdAt: string;
  finishedAt: string | null;
}

export interface CalendarDay {
  date: string;
  diaryId: number | null;
  /** The diary's, else the mood of the day. */
  mood: string;
  moodOfDay: string | null;
  isDraft: boolean;
  hasImages: boolean;
  tasksDone: number;
  tasksTotal: number;
}

/** One word for a day, with or without a diary. */
export interface MoodOfDay {
  date: string;
  mood: string;
  createdAt: string;
  updatedAt: string;
}

export interface Page {
  page?: number | undefined;
  limit: number;
  total?: number | undefined;
  hasMore: boolean;
  nextCursor: string | null;
}

/** Where an answer comes from, and as of when. */
export interface Seen {
  source: 'cache' | 'network';
  /** When the server last said so. */
  at: string | null;
}

/** `pending: true`: safe on this phone, and on its way. */
export interface Pending {
  pending?: true;
}

export interface ReadOptions {
  /** `cache`: answer at once with what the phone has, refresh behind it. Default: the network first, for a moment. */
  prefer?: 'cache' | 'network' | undefined;
}

/** @public */
export interface DiaryFields {
  mood?: string | undefined;
  weather?: string | undefined;
  /** File ids from `image.upload`, or links on allowed hosts. */
  images?: string[] | undefined;
  tags?: string[] | undefined;
  isDraft?: boolean | undefined;
}

/** As it stands in a page's data: `dataset` makes a string of every number. @public */
export type Id = number | string;

export type DiaryKey = { id: Id } | { date: string };

export interface WrittenDiary extends Pending {
  diary: Diary & Pending;
  stats: Stats;
  reward: { points: number; balance: number } | null;
}

export interface DiaryFilter {
  page?: number | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
  /** `YYYY-MM` */
  month?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  mood?: string | undefined;
  tag?: string | undefined;
  isDraft?: boolean | undefined;
}

/** @public */
export interface TaskFields {
  description?: string | undefined;
  category?: string | undefined;
  pointsReward?: number | undefined;
  date?: string | undefined;
  repeat?: Repeat | undefined;
  /** HH:MM in Beijing. */
  remindAt?: string | null | undefined;
}

/** A state of a diary that a later change would have lost. */
export interface Revision {
  id: number;
  date: string;
  reason: 'overwritten' | 'deleted' | 'draft' | 'conflict' | 'imported';
  content: string;
  mood: string;
  weather: string;
  images: string[];
  tags: string[];
  isDraft: boolean;
  writtenAt: string;
  replacedAt: string;
}

export interface DiarySearch {
  /** Taken literally; case and width are folded. */
  q: string;
  mood?: string | undefined;
  tag?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

/** The place of the words, in UTF-16 code units of `excerpt`. */
interface DiaryMatch {
  excerpt: string;
  start: number;
  length: number;
}

interface PointSums {
  earned: number;
  spent: number;
}

export interface PointStats {
  today: PointSums;
  week: PointSums;
  month: PointSums;
  /** The balance. */
  total: number;
  bySource: ({ source: string } & PointSums)[];
}

export interface RecordFilter {
  page?: number | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
  type?: 'earn' | 'spend' | undefined;
  source?: string | undefined;
  keyword?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

export interface LoginAnswer {
  token: string;
  expiresAt: string;
  userInfo: UserInfo;
  isNewUser: boolean;
  migration?: { mode: MigrationMode } | undefined;
}

export type ConflictPolicy = 'newest' | 'server' | 'ask';

/** What one person wrote of one day. */
export interface DiaryText {
  date: string;
  content: string;
  mood: string;
  weather: string;
  images: string[];
  tags: string[];
  isDraft: boolean;
}

/** Two devices wrote one day. Neither text is lost: one stands on the server, the other is here. */
export interface Conflict {
  id: string;
  date: string;
  /** What this phone wrote; null when it deleted the diary. */
  mine: DiaryText | null;
  /** What stands on the server; null when it was deleted there. */
  theirs: Diary | null;
  /** `ask`: the user's choice is awaited. Else decided already, and kept to be looked at. */
  policy: ConflictPolicy;
  at: string;
}

/** A change that was saved here and that the server refuses for good. */
export interface SetAside {
  id: string;
  type: string;
  /** What was to be done, as the server was asked. */
  args: Record<string, unknown>;
  code: string;
  message: string;
  at: string;
}

export interface SyncStatus {
  /** As far as the phone knows. */
  online: boolean;
  /** Changes the server has not confirmed. */
  pending: number;
  /** Changes written before anybody had signed in; `login({ adopt: true })` takes them over. */
  unclaimed: number;
  setAside: number;
  conflicts: number;
  lastSyncedAt: string | null;
  running: boolean;
  /** Why the last run failed; null after one that did not. */
  error: string | null;
}

export interface SyncReport {
  /** Changes the server answered for good. */
  pushed: number;
  /** Changes received. */
  pulled: number;
  conflicts: number;
  setAside: number;
  /** Changes still waiting. */
  pending: number;
  at: string;
}

export type MigrationMode = 'off' | 'shadow' | 'dual' | 'cloud';

export interface MigrationStatus {
  mode: MigrationMode;
  /** There is something of the former version on this phone. */
  hasLocalData: boolean;
  state: 'none' | 'waiting' | 'started' | 'verified';
}

export interface MigrationProgress {
  phase: 'pictures' | 'diaries' | 'tasks' | 'points' | 'verifying';
  done: number;
  total: number;
}

export interface MigrationReport {
  /** Texts found on the phone. */
  textsIn: number;
  /** Days that hold all of them. */
  daysOut: number;
  /** Days made of several texts. */
  merged: { date: string; texts: number }[];
  imported: number;
  same: number;
  /** The server has another text of that day; the phone's is kept beside it. */
  keptServer: string[];
  /** Not taken, and why; they stay on the phone. */
  invalid: { date: string; reason: string }[];
  /** Texts that are neither on the server nor listed above: always 0 when verified. */
  lost: number;
  pictures: { uploaded: number; kept: number; missing: { date: string; url: string }[] };
  tasks: { imported: number; invalid: number };
  templates: { imported: number; invalid: number };
  draws: { imported: number; invalid: number };
  moods: { imported: number; invalid: number };
  /** They wait until a guardian saves the list. */
  prizes: { imported: number; invalid: number };
  points: {
    /** The largest balance on the phone. */
    claimed: number;
    /** What the imported diaries, moods and done tasks explain. */
    explained: number;
    granted: number;
    /** The part above 3,000, which a guardian has to accept. */
    waiting: number;
    balance: number;
    /** A sentence for parents: why granted is what it is. */
    why: string;
    found: Record<string, unknown>;
  };
  /** What stays on the phone, or came over changed: sentences for parents. */
  notes: { what: string; count: number; reason: string }[];
  /** By key of the former version: entries found, those in the account, those named in `notes`. found = moved + named when verified. */
  accounts: { key: string; found: number; moved: number; named: number }[];
  /** Further children of this phone. Nothing of them came over. */
  otherChildren: { child: string; diaries: number; tasks: number; points: number }[];
  /** Keys of which something stays on the phone; `notes` says why. */
  keptOnPhone: string[];
  /** Every entry on the phone is on the server or named, and the checksums agree. A diary without a date or of before 2000 is named. */
  verified: boolean;
}

export interface MigrationOptions {
  onProgress?: ((progress: MigrationProgress) => void) | undefined;
  /** Another child of this phone, whose own WeChat account is signed in. Absent: the child that the former version was last used by. */
  child?: string | undefined;
}

export interface UploadOptions {
  /** 0–100 */
  onProgress?: ((percent: number) => void) | undefined;
}

/** What the SDK uses of `wx`. */
export interface Wx {
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: unknown): void;
  removeStorageSync(key: string): void;
  getStorageInfoSync(): { keys: string[]; currentSize: number; limitSize: number };
  getNetworkType?(options: { success(result: { networkType: string }): void }): void;
  onNetworkStatusChange?(listener: (result: { isConnected: boolean }) => void): void;
  onAppShow?(listener: () => void): void;
  getFileSystemManager?(): {
    getFileInfo(options: { filePath: string; success(result: { size: number }): void; fail(error: unknown): void }): void;
    readFile?(options: {
      filePath: string;
      position?: number;
      length?: number;
      success(result: { data: string | ArrayBuffer }): void;
      fail(error: unknown): void;
    }): void;
  };
  compressImage?(options: {
    src: string;
    quality?: number;
    success(result: { tempFilePath: string }): void;
    fail(error: unknown): void;
  }): void;
  cloud?: {
    callFunction(options: { name: string; data: object }): Promise<unknown>;
    uploadFile(options: {
      cloudPath: string;
      filePath: string;
      success(result: { fileID: string }): void;
      fail(error: unknown): void;
    }): unknown;
  };
}

export interface CallRequest {
  /** The cloud function. */
  name: string;
  action: string;
  data: object;
  /** The language of the sentences that a refusal carries. */
  lang?: 'zh' | 'en' | undefined;
  requestId?: string | undefined;
  /** For transports that WeChat does not sign in by itself. */
  token?: string | undefined;
  /** From `family.unlock`, while a guardian is at the phone. */
  guardianToken?: string | undefined;
}

export interface Options {
  /** Default: the global. */
  wx?: Wx | undefined;
  /** In place of `wx.cloud.callFunction`: answers the function's envelope. */
  call?: ((request: CallRequest) => Promise<unknown>) | undefined;
  /** Who wins when two devices wrote one day. Default `newest`. */
  conflictPolicy?: ConflictPolicy | undefined;
  /** The language of the server's sentences in `error.message`. Default `zh`. */
  lang?: 'zh' | 'en' | undefined;
  /** Put before every function's name. */
  functionPrefix?: string | undefined;
  /** The phone's clock, in milliseconds. */
  now?: (() => number) | undefined;
  /** 0 ≤ x < 1 */
  random?: (() => number) | undefined;
  /** Runs something later; answers how to call it off. */
  schedule?: ((run: () => void, ms: number) => () => void) | undefined;
}

export interface GrowthDiary {
  /**
   * Signs in, or up. Inside the mini-program WeChat says who it is; other transports give the `code` of wx.login. `adopt: true` takes over
   * what was written on this phone before anybody had signed in (`sync.status().unclaimed`): ask the child first whether it is theirs.
   */
  login(input?: { code?: string | undefined; adopt?: boolean | undefined }): Promise<LoginAnswer>;
  /** Signs out. What waits to be sent stays on the phone until the same child signs in again. */
  logout(): Promise<{ loggedOut: true }>;
  /** The Beijing day by the server's clock, as far as it is known: `YYYY-MM-DD`. */
  today(): string;

  user: {
    profile(): Promise<Profile & Seen & Pending>;
    update(changes: {
      nickname?: string | undefined;
      avatar?: string | undefined;
      settings?: { [Name in keyof Settings]?: Settings[Name] | undefined } | undefined;
    }): Promise<Profile & Pending>;
    /** A guardian agrees to the text of this version. What the child wrote before is on the phone and is sent now. */
    consent(input: ConsentInput): Promise<Omit<ConsentInput, 'pin'>>;
    consents(): Promise<{ required: string | null; isGiven: boolean; consents: Consent[] }>;
    export(): Promise<Record<string, unknown>>;
    /** Deletes the account and everything of it on this phone. */
    erase(input: { confirm: string }): Promise<{ erased: true }>;
  };

  diary: {
    create(input: { date: string; content: string } & DiaryFields): Promise<WrittenDiary>;
    /** `partial`: some are not on this phone, and the server could not be asked. */
    list(filter?: DiaryFilter, options?: ReadOptions): Promise<{ diaries: (Diary & Pending)[]; partial?: true } & Page & Seen>;
    /** `diary` is null for a day without one. */
    get(key: DiaryKey, options?: ReadOptions): Promise<{ diary: (Diary & Pending) | null } & Seen>;
    /**
     * `version` is the one that the page has read. Where this phone has written since, VERSION_CONFLICT, and the text is in `sync.conflicts()`.
     * With `id` and another `date` the diary moves to that day.
     */
    update(
      input: ({ id: Id; date?: string | undefined } | { date: string }) & { version: Id; content?: string | undefined } & DiaryFields,
    ): Promise<WrittenDiary>;
    delete(input: DiaryKey & { version?: Id | undefined }): Promise<{ id: number; deleted: true; stats: Stats } & Pending>;
    /** Today's mood, or that of up to 7 days ago. Works offline; the first mood of a day earns points. */
    recordMood(input: {
      date?: string | undefined;
      mood: string;
    }): Promise<{ date: string; mood: string; isFirstRecord: boolean; points: { awarded: number; balance: number } | null } & Pending>;
    /** Adds a text to a day, today by default, under its time. Works offline; additions of two phones both stay. */
    append(input: { date?: string | undefined; content: string } & DiaryFields): Promise<WrittenDiary>;
    /** What was overwritten or deleted in the last 30 days, newest first. Online only, as are the next six. */
    history(key: DiaryKey): Promise<{ revisions: Revision[] }>;
    trash(filter?: { page?: number | undefined; limit?: number | undefined }): Promise<{ diaries: Revision[] } & Page>;
    /** Brings a revision back as the diary of its day; what stands there goes into the history. */
    restore(input: { revisionId: Id }): Promise<WrittenDiary>;
    /** Looks at 500 diaries a call; go on with `cursor: nextCursor` while `hasMore`. */
    search(input: DiarySearch): Promise<{ diaries: (Diary & { match: DiaryMatch })[]; hasMore: boolean; nextCursor: string | null }>;
    onThisDay(input?: { date?: string | undefined }): Promise<{ date: string; diaries: (Diary & { yearsAgo: number })[] }>;
    neighbours(input: { date: string }): Promise<{ previous: Diary | null; next: Diary | null }>;
    related(input: { id: Id; limit?: number | undefined }): Promise<{ diaries: Diary[] }>;
    calendar(input: { month: string }, options?: ReadOptions): Promise<{ month: string; days: CalendarDay[] } & Seen>;
    stats(options?: ReadOptions): Promise<Stats & { thisMonth: number } & Seen>;
  };

  task: {
    list(filter?: {
      date?: string | undefined;
    }): Promise<{ date: string; tasks: (Task & Pending)[]; completed: number; total: number; partial?: true } & Seen>;
    create(input: { title: string } & TaskFields): Promise<{ task: Task } & Pending>;
    update(input: { id: Id; title?: string | undefined } & TaskFields): Promise<{ task: Task } & Pending>;
    delete(input: { id: Id }): Promise<{ id: number; deleted: true } & Pending>;
    /** `points` is null while it is pending: the server decides. */
    complete(input: {
      id: Id;
      doneOn?: string | undefined;
    }): Promise<{ task: Task; points: { awarded: number; balance: number; capped: boolean } | null } & Pending>;
    uncomplete(input: { id: Id }): Promise<{ task: Task; points: { returned: number; balance: number } | null } & Pending>;
    get(input: { id: Id }): Promise<{ task: Task & Pending } & Seen>;
    /** A guardian's, online only. `ids`: several at once, all or none. */
    approve(
      input: Some & { bonus?: number | undefined } & ForChild,
    ): Promise<{ tasks: Task[]; points: { awarded: number; bonus: number; balance: number } }>;
    reject(input: Some & { reason: string } & ForChild): Promise<{ tasks: Task[] }>;
    /** System tasks that appear no more, in place of those before. */
    hideSystem(input: { templateIds: string[] } & ForChild): Promise<{ templateIds: string[] }>;
  };

  points: {
    /** Less what waits to be spent. */
    balance(): Promise<{ points: number } & Seen>;
    records(filter?: RecordFilter): Promise<{ records: PointRecord[]; partial?: true } & Page & Seen>;
    stats(): Promise<PointStats>;
    deduct(input: {
      amount: number;
      source: string;
      description?: string | undefined;
      relatedId?: number | undefined;
      relatedType?: string | undefined;
    }): Promise<{ record: PointRecord | null; points: number } & Pending>;
    /** A guardian gives or takes points; online only. */
    bonus(input: { amount: number; reason: string } & ForChild): Promise<{ record: PointRecord; points: number }>;
  };

  lottery: {
    prizes(): Promise<{ isFamily: boolean; cost: number; prizes: Prize[]; noPrizeProbability: number } & Seen>;
    /** Online only. Asked again after a failure or a killed app, it is the same draw. */
    config(input?: ForChild): Promise<Wheel>;
    /** A guardian's, online only, as are the next three. */
    setConfig(input: { cost?: number | undefined; dailyLimit?: number | undefined } & ForChild): Promise<Wheel>;
    savePrizes(input: { version: number; prizes: FamilyPrizeInput[]; blankWeight?: number | undefined } & ForChild): Promise<Wheel>;
    resetPrizes(input?: ForChild): Promise<Wheel>;
    redeem(input: { id: number; given: boolean } & ForChild): Promise<{ draw: Draw }>;
    draw(): Promise<{ draw: Draw; points: number }>;
    records(filter?: {
      page?: number | undefined;
      limit?: number | undefined;
      cursor?: string | undefined;
    }): Promise<{ records: Draw[]; partial?: true } & Page & Seen>;
  };

  /** Online only. Of a phone that a child and a guardian share, and of guardians with accounts of their own. */
  family: {
    /** Six digits. A new PIN takes the place of an old one only with the old one. */
    setPin(input: { pin: string; old?: string | undefined }): Promise<Gate>;
    /** For 15 minutes the guardian's actions are open on this phone. */
    unlock(input: { pin: string }): Promise<{ expiresAt: string }>;
    lock(): Promise<{ locked: true }>;
    /** A forgotten PIN stops counting after 24 hours. */
    resetPin(): Promise<Gate>;
    cancelReset(input: { pin: string }): Promise<Gate>;
    /** A code for another account, good for 15 minutes and one use. */
    invite(input?: ForChild): Promise<{ code: string; expiresAt: string }>;
    join(input: { code: string }): Promise<{ childId: number; nickname: string }>;
    members(input?: ForChild): Promise<{
      guardians: { id: number; nickname: string; joinedAt: string; canReadDiary: boolean }[];
      children: { id: number; nickname: string; joinedAt: string; sharesDiary: boolean }[];
    }>;
    leave(input: { childId: number }): Promise<{ left: true }>;
    remove(input: { guardianId: number } & ForChild): Promise<{ removed: true }>;
    /** What waits for a guardian, and the days of the last 30 on which they should talk with the child: never what the child wrote. */
    inbox(input?: ForChild): Promise<{ tasks: Task[]; notes: { kind: 'self-harm'; date: string }[] }>;
    /** What guardians did from accounts of their own. */
    log(input?: { from?: string | undefined } & ForChild): Promise<{
      entries: { date: string; guardianId: number; nickname: string; action: string; times: number; lastAt: string }[];
    }>;
  };

  /** Online only. */
  ai: {
    /** `again`: another comment on the same text; it counts against the day's allowance. */
    commentDiary(input: { diaryId: Id; again?: true | undefined }): Promise<{ job: Job }>;
    /** Needs the network. */
    likeComment(input: { diaryId: Id; liked: boolean }): Promise<{ diary: Diary }>;
    generateImage(
      input: { diaryId: Id } | { content: string; mood?: string | undefined; weather?: string | undefined },
    ): Promise<{ job: Job }>;
    job(input: { id: Id }): Promise<{ job: Job }>;
    /** Resolves when the job is done; rejects with its error when it has failed. */
    waitFor(input: { id: Id }, options?: { timeoutMs?: number | undefined; intervalMs?: number | undefined }): Promise<{ job: Job }>;
  };

  sync: {
    now(): Promise<SyncReport>;
    status(): SyncStatus;
    /** Called whenever the status or anything shown may have changed; answers how to stop. */
    on(event: 'change', listener: (status: SyncStatus) => void): () => void;
    conflicts(): Conflict[];
    /** `mine` writes this phone's text over theirs, `theirs` lets it stand, `{ content }` writes a text made of both. */
    resolve(id: string, choice: 'mine' | 'theirs' | { content: string }): Promise<WrittenDiary | null>;
    setAside(): SetAside[];
    /** Asks the server once more. */
    retry(id: string): Promise<void>;
    discard(id: string): void;
  };

  /** Brings over what the former version left in this phone's storage. */
  migration: {
    status(): Promise<MigrationStatus>;
    run(options?: MigrationOptions): Promise<MigrationReport>;
    /** Everything that the former version keeps of another child, as JSON text to save or send. NOT_FOUND: no such child. */
    exportChild(child: string): Promise<string>;
  };

  image: {
    /** Puts a picture into the child's own folder; give the file id to `diary.create`. */
    upload(tempPath: string, options?: UploadOptions): Promise<string>;
  };
}

/** The server's codes, and three that only a phone can know. */
export type GrowthDiaryErrorCode =
  | 'INVALID_INPUT'
  | 'UNAUTHENTICATED'
  | 'ACCOUNT_ERASED'
  | 'FORBIDDEN'
  | 'GUARDIAN_REQUIRED'
  | 'PIN_INVALID'
  | 'CONSENT_REQUIRED'
  | 'NOT_FOUND'
  | 'DIARY_EXISTS'
  | 'VERSION_CONFLICT'
  | 'TASK_ALREADY_COMPLETED'
  | 'TASK_NOT_COMPLETED'
  | 'POINTS_INSUFFICIENT'
  | 'LOTTERY_EMPTY'
  | 'IDEMPOTENCY_MISMATCH'
  | 'CONTENT_REJECTED'
  | 'AI_DISABLED'
  | 'QUOTA_EXCEEDED'
  | 'RATE_LIMITED'
  | 'UPGRADE_REQUIRED'
  | 'INTERNAL'
  | 'PROVIDER_ERROR'
  | 'UNAVAILABLE'
  | 'STORAGE_FULL'
  | 'OUTBOX_FULL'
  | 'ACCOUNT_CHANGED';

/** Every promise of the SDK rejects with this and nothing else. `message` is a short Chinese sentence fit for a toast. */
export declare class GrowthDiaryError extends Error {
  readonly code: GrowthDiaryErrorCode;
  /** Of INVALID_INPUT: `[{ path, message }]`. Of DIARY_EXISTS: `{ diary: { id, version } }`. Of VERSION_CONFLICT: `{ current: Diary | null }`. */
  readonly details: unknown;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  readonly requestId: string | null;
  /** Whole seconds to wait, where the server said so. */
  readonly retryAfter: number | null;
}

/** One per mini-program: make it in app.js and keep it. */
export declare function createGrowthDiary(options?: Options): GrowthDiary;
