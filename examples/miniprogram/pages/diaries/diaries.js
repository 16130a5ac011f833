const app = getApp();

const faces = { happy: '😊', calm: '😌', excited: '🤩', grateful: '🥰', tired: '😪', sad: '😢', angry: '😠', worried: '😟' };

Page({
  data: { diaries: [], streak: 0, isStale: false, status: {}, isLoading: true },

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

  async show(options) {
    try {
      const { diaries, source, nextCursor } = await app.growth.diary.list({ limit: 20 }, options);
      const { continuousDays } = await app.growth.diary.stats({ prefer: 'cache' });
      this.nextCursor = nextCursor;
      this.setData({
        diaries: diaries.map(this.toCard),
        streak: continuousDays,
        isStale: source === 'cache' && !app.growth.sync.status().online,
        status: app.growth.sync.status(),
      });
    } catch (error) {
      // 出错时页面上已有的内容原样留着，绝不清空
      app.toast(error);
    } finally {
      this.setData({ isLoading: false });
    }
  },

  async onReachBottom() {
    if (!this.nextCursor) return;
    try {
      const { diaries, nextCursor } = await app.growth.diary.list({ limit: 20, cursor: this.nextCursor }, { prefer: 'cache' });
      this.nextCursor = nextCursor;
      this.setData({ diaries: this.data.diaries.concat(diaries.map(this.toCard)) });
    } catch (error) {
      app.toast(error);
    }
  },

  toCard(diary) {
    return Object.assign({}, diary, { face: faces[diary.mood] || '📖', picture: diary.images[0] || '' });
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
