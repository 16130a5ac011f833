import { addDays } from '../shared/clock';
import type { OurCall } from './ours';
import type { PeerCall } from './peer';
import { addTasks, addWriters, openidOf, peerDiaryId } from './seed';
import { OUR_DATABASE, type Stage } from './stage';

/** Whose tables are meant. */
export interface Side {
  product: 'ours' | 'peer';
  database: string;
}

export const OUR_SIDE: Side = { product: 'ours', database: OUR_DATABASE };

/** One line of the table: what each product is asked for the same thing. */
export interface Row {
  name: string;
  kind: 'read' | 'write';
  /** The function that must be there. */
  action: string;
  ours(caller: number, turn: number): OurCall;
  /** Several are asked at once, as a page of the mini-program would. */
  peer(caller: number, turn: number, database: string): PeerCall[];
  /** How many at once; one, when it is not said. */
  peerWidth?: number;
  /** Before each round. */
  prepare?(side: Side, callers: number): Promise<void>;
  /** Its statements cannot be repeated with another user alone: there is no floor to compare with. */
  hasNoFloor?: true;
}

/** Each caller is a handful of children whose sessions are known, as after the first call of a visit. */
const USERS_A_CALLER = 8;
const COMPLETERS_FROM = 601;
const DEEP_PAGE = 250;
const FIRST_DAY = '2000-01-01';

const TEXT = '今天和妈妈去公园散步，看到很多小鸭子在湖里游泳。数学课上我第一个做完了练习，老师表扬了我。帮爸爸洗了碗，感觉很有成就感。';

const userOf = (caller: number, turn: number): number => 1 + caller * USERS_A_CALLER + (turn % USERS_A_CALLER);

const get = (userId: number, path: string): PeerCall[] => [{ method: 'GET', path: `/api/${path}`, userId }];
const post = (userId: number, path: string, body: object = {}): PeerCall[] => [{ method: 'POST', path: `/api/${path}`, userId, body }];

const read = (name: string, action: string, data: object | undefined, path: string): Row => ({
  name,
  kind: 'read',
  action,
  ours: (caller, turn) => ({ action, openid: openidOf(userOf(caller, turn)), ...(data && { data }) }),
  peer: (caller, turn) => get(userOf(caller, turn), path),
});

export function readRows({ size }: Stage): Row[] {
  const { users, perUser, today } = size;
  const deepUser = users + 1;
  const nth = (caller: number, turn: number) => (caller * 31 + turn * 7) % perUser;
  const deepPage = (name: string, data: object): Row => ({
    ...read(name, 'diary.list', data, `diary/list?page=${DEEP_PAGE}&limit=10`),
    ours: () => ({ action: 'diary.list', openid: openidOf(deepUser), data }),
    peer: () => get(deepUser, `diary/list?page=${DEEP_PAGE}&limit=10`),
  });
  const rows: Row[] = [
    {
      ...read('login', 'login.login', undefined, ''),
      peer: (caller, turn) => [{ method: 'POST', path: '/api/auth/login', body: { code: `dev-${openidOf(userOf(caller, turn))}` } }],
    },
    read('profile', 'user.profile', undefined, 'user/profile'),
    read('balance', 'points.balance', undefined, 'points/balance'),
    read('diary list, page 1', 'diary.list', { page: 1, limit: 10 }, 'diary/list?page=1&limit=10'),
    {
      ...read('diary detail', 'diary.get', undefined, ''),
      ours: (caller, turn) => ({ action: 'diary.get', openid: openidOf(userOf(caller, turn)), data: { id: 1 + nth(caller, turn) } }),
      peer: (caller, turn) => get(userOf(caller, turn), `diary/${peerDiaryId(size, userOf(caller, turn), nth(caller, turn))}`),
    },
    read('task list', 'task.list', undefined, 'task/list'),
    read('records', 'points.records', { page: 1, limit: 20 }, 'points/records?page=1&limit=20'),
    read('prizes', 'lottery.prizes', undefined, 'lottery/prizes'),
    deepPage(`page ${DEEP_PAGE} of 300, by cursor`, { cursor: addDays(today, -(DEEP_PAGE - 1) * 10), limit: 10 }),
    deepPage(`page ${DEEP_PAGE} of 300, by number`, { page: DEEP_PAGE, limit: 10 }),
    {
      ...read('home', 'sync.home', undefined, ''),
      peerWidth: 4,
      peer: (caller, turn) =>
        ['user/profile', 'task/list', 'diary/list?page=1&limit=10', 'points/balance'].flatMap((path) => get(userOf(caller, turn), path)),
    },
  ];
  return rows;
}

export function writeRows({ admin, size }: Stage): Row[] {
  const { today } = size;
  // By database.
  const writers = new Map<string, number>();
  const tasks = new Map<string, Map<number, number[]>>();
  const writer = (database: string, caller: number): number => (writers.get(database) ?? 0) + caller;
  const nextTask = (database: string, caller: number, turn: number): { userId: number; id: number } => {
    const userId = COMPLETERS_FROM - 1 + userOf(caller, turn);
    const id = tasks.get(database)?.get(userId)?.pop();
    if (id === undefined) throw new Error('out of tasks');
    return { userId, id };
  };
  const diary = (turn: number) => ({
    date: addDays(FIRST_DAY, turn),
    content: TEXT,
    mood: 'happy',
    weather: 'sunny',
    images: ['https://a.tcb.qcloud.la/a.jpg', 'https://a.tcb.qcloud.la/b.jpg'],
    tags: ['学习', '开心'],
    isDraft: false,
  });
  return [
    {
      name: 'diary create',
      kind: 'write',
      action: 'diary.create',
      hasNoFloor: true,
      async prepare({ database }, callers) {
        writers.set(database, await addWriters(admin, database, callers));
      },
      ours: (caller, turn) => ({ action: 'diary.create', openid: openidOf(writer(OUR_DATABASE, caller)), data: diary(turn) }),
      peer: (caller, turn, database) => post(writer(database, caller), 'diary/create', diary(turn)),
    },
    {
      name: 'task complete',
      kind: 'write',
      action: 'task.complete',
      hasNoFloor: true,
      async prepare({ product, database }, callers) {
        const users = callers * USERS_A_CALLER;
        const wanted = { first: COMPLETERS_FROM, users, perUser: Math.ceil(10_000 / users), today };
        tasks.set(database, await addTasks(admin, product, database, wanted));
      },
      ours(caller, turn) {
        const { userId, id } = nextTask(OUR_DATABASE, caller, turn);
        return { action: 'task.complete', openid: openidOf(userId), data: { id } };
      },
      peer(caller, turn, database) {
        const { userId, id } = nextTask(database, caller, turn);
        return post(userId, `task/${id}/complete`);
      },
    },
    {
      name: 'points',
      kind: 'write',
      action: 'points.deduct',
      ours: (caller, turn) => ({ action: 'points.deduct', openid: openidOf(userOf(caller, turn)), data: { amount: 1, source: '测试' } }),
      peer: (caller, turn) => post(userOf(caller, turn), 'points/add', { amount: 1, source: '测试' }),
    },
    {
      name: 'draw',
      kind: 'write',
      action: 'lottery.draw',
      ours: (caller, turn) => ({ action: 'lottery.draw', openid: openidOf(userOf(caller, turn)) }),
      peer: (caller, turn) => post(userOf(caller, turn), 'lottery/draw'),
    },
  ];
}
