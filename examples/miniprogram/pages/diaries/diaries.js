// @ts-check
const { faceOf } = require('../../common/words');
const app = getApp();

Page({
  data: { diaries: /** @type {object[]} */ ([]), streak: 0, isStale: false, status: /** @type {Partial<import('../../lib/growth-diary').SyncStatus>} */ ({}), isLoading: true },

  onLoad() {
    // 后台同步完成、网络变化、有新冲突时都会通知
    this.stop = app.growth.sync.on('change', (status) => {
      const isDone = this.data.status.running && !status.running;
      this.setData({ status });
      if (isDone) this.show({ prefer: 'cache' });
    });
  },

  onUnload() {
    this.stop();
  },

  onShow() {
    return this.show();
  },

  onPullDownRefresh() {
    return this.show().then(() => wx.stopPullDownRefresh());
  },

  /** @param {{ prefer: 'cache' }} [options] */
  async show(options) {
    await app.attempt(async () => {
      const { diaries, source, nextCursor } = await app.growth.diary.list({ limit: 20 }, options);
      const { continuousDays } = await app.growth.diary.stats({ prefer: 'cache' });
      this.nextCursor = nextCursor;
      const status = app.growth.sync.status();
      this.setData({ diaries: diaries.map(this.toCard), streak: continuousDays, isStale: source === 'cache' && !status.online, status });
    });
    this.setData({ isLoading: false });
  },

  async onReachBottom() {
    if (!this.nextCursor) return;
    await app.attempt(async () => {
      const { diaries, nextCursor } = await app.growth.diary.list({ limit: 20, cursor: this.nextCursor }, { prefer: 'cache' });
      this.nextCursor = nextCursor;
      this.setData({ diaries: this.data.diaries.concat(diaries.map(this.toCard)) });
    });
  },

  toCard(diary) {
    const [picture] = diary.images;
    return Object.assign({}, diary, { face: faceOf(diary.mood), picture: picture ? app.shownAt(picture) : '' });
  },

  write() {
    wx.navigateTo({ url: '/pages/editor/editor' });
  },

  open({ currentTarget }) {
    wx.navigateTo({ url: `/pages/editor/editor?date=${currentTarget.dataset.date}` });
  },

  settle() {
    wx.navigateTo({ url: '/pages/conflicts/conflicts' });
  },
});
