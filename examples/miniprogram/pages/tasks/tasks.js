// @ts-check
const app = getApp();

const repeats = [
  { name: '每天', repeat: { kind: 'daily' } },
  { name: '周一至周五', repeat: { kind: 'weekly', weekdays: [1, 2, 3, 4, 5] } },
  { name: '周末', repeat: { kind: 'weekly', weekdays: [6, 7] } },
  { name: '只今天', repeat: { kind: 'once' } },
];

Page({
  data: { tasks: /** @type {import('../../lib/growth-diary').Task[]} */ ([]), completed: 0, total: 0, points: 0, title: '', reward: 5, repeatNames: repeats.map(({ name }) => name), repeatIndex: 0 },

  onShow() {
    return this.show();
  },

  async show() {
    await app.attempt(async () => {
      const { tasks, completed, total } = await app.growth.task.list();
      const { points } = await app.growth.points.balance();
      this.setData({ tasks, completed, total, points });
    });
  },

  async toggle({ currentTarget }) {
    const { id, done } = currentTarget.dataset;
    await app.attempt(async () => {
      if (done) return app.growth.task.uncomplete({ id });
      const { task, points } = await app.growth.task.complete({ id });
      const title = task.status === 'waiting' ? '做完了，等家长确认' : !points ? '已记下，联网后加分' : points.capped ? `+${points.awarded} 积分，今天自己的任务到上限了` : `+${points.awarded} 积分`;
      wx.showToast({ title, icon: 'none' });
      return undefined;
    });
    return this.show();
  },

  onTitle({ detail }) {
    this.setData({ title: detail.value });
  },

  onReward({ detail }) {
    this.setData({ reward: detail.value });
  },

  onRepeat({ detail }) {
    this.setData({ repeatIndex: Number(detail.value) });
  },

  async add() {
    const { title, reward, repeatIndex } = this.data;
    await app.attempt(async () => {
      const { repeat } = repeats[repeatIndex];
      await app.growth.task.create({ title, pointsReward: reward, repeat: /** @type {any} */ (repeat) });
      this.setData({ title: '' });
    });
    return this.show();
  },

  async remove({ currentTarget }) {
    const { confirm } = await wx.showModal({ title: '不再做这个任务？', content: '做过的和得到的积分都留着。' });
    if (!confirm) return undefined;
    await app.attempt(() => app.growth.task.delete({ id: currentTarget.dataset.id }));
    return this.show();
  },
});
