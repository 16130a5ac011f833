// @ts-check
const { compare } = require('../../common/compare');
const { clockOf, faceOf, today } = require('../../common/words');
const app = getApp();

const reasons = { overwritten: '改掉的', deleted: '删除的', draft: '草稿', conflict: '另一台设备写的', imported: '搬家前的' };

Page({
  data: { date: '', revisions: /** @type {import('../../lib/growth-diary').Revision[]} */ ([]), chosen: /** @type {object | null} */ (null), isLoading: true },

  onLoad({ date = today() } = {}) {
    this.setData({ date, chosen: null });
    return this.show();
  },

  async show() {
    const { date } = this.data;
    await app.attempt(async () => {
      const [{ revisions }, { diary }] = await Promise.all([app.growth.diary.history({ date }), app.growth.diary.get({ date })]);
      this.now = diary ? diary.content : '';
      const toLine = (revision) => Object.assign({}, revision, { reasonName: reasons[revision.reason], at: clockOf(revision.replacedAt), face: faceOf(revision.mood) });
      this.setData({ revisions: revisions.map(toLine) });
    });
    this.setData({ isLoading: false });
  },

  /** 和现在的内容比一比。 */
  choose({ currentTarget }) {
    const chosen = this.data.revisions.find(({ id }) => id === currentTarget.dataset.id);
    if (chosen) this.setData({ chosen: Object.assign({}, chosen, { parts: compare(chosen.content, this.now) }) });
  },

  close() {
    this.setData({ chosen: null });
  },

  /** 恢复以后，现在的内容也留在历史里。 */
  async restore({ currentTarget }) {
    await app.attempt(async () => {
      await app.growth.diary.restore({ revisionId: currentTarget.dataset.id });
      wx.showToast({ title: '恢复好了', icon: 'none' });
      wx.navigateBack();
    });
  },
});
