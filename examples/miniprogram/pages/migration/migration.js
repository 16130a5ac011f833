// @ts-check
const app = getApp();

const phases = { pictures: '图片', diaries: '日记', tasks: '任务', points: '积分', verifying: '核对' };

Page({
  data: { progress: '', report: /** @type {import('../../lib/growth-diary').MigrationReport | null} */ (null), isRunning: false },

  /** 杀掉小程序也没关系：下次接着搬，不会丢也不会重复。 */
  async run() {
    this.setData({ isRunning: true });
    await app.attempt(async () => {
      const report = await app.growth.migration.run({
        onProgress: ({ phase, done, total }) => this.setData({ progress: `${phases[phase]} ${done} / ${total}` }),
      });
      this.setData({ report });
    });
    this.setData({ isRunning: false, progress: '' });
  },

  leave() {
    wx.navigateBack();
  },
});
