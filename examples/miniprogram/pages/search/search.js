// @ts-check
const { faceOf, moods } = require('../../common/words');
const app = getApp();

Page({
  data: { moods, q: '', mood: '', found: /** @type {object[]} */ ([]), onThisDay: /** @type {object[]} */ ([]), hasMore: false, wasAsked: false },

  async onLoad() {
    await app.attempt(async () => {
      const { diaries } = await app.growth.diary.onThisDay();
      this.setData({ onThisDay: diaries.map((diary) => Object.assign({}, diary, { face: faceOf(diary.mood) })) });
    });
  },

  onText({ detail }) {
    this.setData({ q: detail.value });
  },

  onMood({ currentTarget }) {
    const { mood } = currentTarget.dataset;
    this.setData({ mood: mood === this.data.mood ? '' : mood });
    return this.data.q ? this.find() : undefined;
  },

  find() {
    this.cursor = undefined;
    this.setData({ found: [] });
    return this.goOn();
  },

  /** 服务端一次看 500 篇；这些里没有找到的就接着往前找。 */
  async goOn() {
    const { q, mood } = this.data;
    const asked = `${q} ${mood}`;
    this.asked = asked;
    await app.attempt(async () => {
      let answer;
      do {
        answer = await app.growth.diary.search(Object.assign({ q, cursor: this.cursor, limit: 20 }, mood && { mood }));
        if (this.asked !== asked) return;
        this.cursor = answer.nextCursor || undefined;
      } while (answer.diaries.length === 0 && answer.hasMore);
      this.setData({ found: this.data.found.concat(answer.diaries.map(this.toCard)), hasMore: answer.hasMore, wasAsked: true });
    });
  },

  onReachBottom() {
    return this.data.hasMore ? this.goOn() : undefined;
  },

  /** 找到的字词单独一段，好标出来。 */
  toCard(diary) {
    const { excerpt, start, length } = diary.match;
    const parts = { before: excerpt.slice(0, start), word: excerpt.slice(start, start + length), after: excerpt.slice(start + length) };
    return { date: diary.date, face: faceOf(diary.mood), parts };
  },

  open({ currentTarget }) {
    wx.navigateTo({ url: `/pages/editor/editor?date=${currentTarget.dataset.date}` });
  },
});
