// @ts-check
const app = getApp();

const kinds = /** @type {const} */ ([undefined, 'earn', 'spend']);

Page({
  data: { points: 0, records: /** @type {object[]} */ ([]), kindNames: ['全部', '得到', '用掉'], kindIndex: 0, source: '', amount: '' },

  onShow() {
    return this.show();
  },

  onPullDownRefresh() {
    return this.show().then(() => wx.stopPullDownRefresh());
  },

  async show() {
    await app.attempt(async () => {
      const type = kinds[this.data.kindIndex];
      const [{ points }, { records, nextCursor }] = await Promise.all([app.growth.points.balance(), app.growth.points.records({ type, limit: 20 })]);
      this.nextCursor = nextCursor;
      this.setData({ points, records: records.map(this.toLine) });
    });
  },

  async onReachBottom() {
    if (!this.nextCursor) return;
    await app.attempt(async () => {
      const filter = { type: kinds[this.data.kindIndex], limit: 20, cursor: this.nextCursor };
      const { records, nextCursor } = await app.growth.points.records(filter);
      this.nextCursor = nextCursor;
      this.setData({ records: this.data.records.concat(records.map(this.toLine)) });
    });
  },

  toLine(record) {
    const { amount, createdAt } = record;
    return Object.assign({}, record, { moved: amount > 0 ? `+${amount}` : `−${-amount}`, day: createdAt.slice(0, 10) });
  },

  onKind({ currentTarget }) {
    this.setData({ kindIndex: currentTarget.dataset.index });
    return this.show();
  },

  onSource({ detail }) {
    this.setData({ source: detail.value });
  },

  onAmount({ detail }) {
    this.setData({ amount: detail.value });
  },

  /** 用积分换家里的奖励，例如周末看电影。 */
  async spend() {
    const { source, amount } = this.data;
    await app.attempt(async () => {
      const { record } = await app.growth.points.deduct({ amount: Number(amount), source });
      wx.showToast({ title: record ? `用掉 ${amount} 分` : '已记下，联网后扣分', icon: 'none' });
      this.setData({ source: '', amount: '' });
    });
    return this.show();
  },
});
