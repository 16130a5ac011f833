// @ts-check
const { clockOf, faceOf } = require('../../common/words');
const app = getApp();

const PAGE_SIZE = 20;

Page({
  data: { diaries: /** @type {object[]} */ ([]), isLoading: true },

  onShow() {
    return this.show(1);
  },

  /** @param {number} page */
  async show(page) {
    await app.attempt(async () => {
      const { diaries, hasMore } = await app.growth.diary.trash({ page, limit: PAGE_SIZE });
      const cards = diaries.map((diary) => Object.assign({}, diary, { at: clockOf(diary.replacedAt), face: faceOf(diary.mood) }));
      this.next = hasMore ? page + 1 : 0;
      this.setData({ diaries: page === 1 ? cards : this.data.diaries.concat(cards) });
    });
    this.setData({ isLoading: false });
  },

  onReachBottom() {
    return this.next ? this.show(this.next) : undefined;
  },

  async restore({ currentTarget }) {
    await app.attempt(async () => {
      const { diary } = await app.growth.diary.restore({ revisionId: currentTarget.dataset.id });
      wx.showToast({ title: `${diary.date} 恢复好了`, icon: 'none' });
    });
    return this.show(1);
  },
});
