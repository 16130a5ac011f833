// @ts-check
const { faceOf, moodName, moods, shiftMonth, today } = require('../../common/words');
const app = getApp();

Page({
  data: {
    moods,
    today: today(),
    date: today(),
    mood: '',
    month: today().slice(0, 7),
    days: /** @type {object[]} */ ([]),
    counts: /** @type {object[]} */ ([]),
    isLast: true,
  },

  onShow() {
    return this.show(this.data.month);
  },

  /** @param {string} month */
  async show(month) {
    await app.attempt(async () => {
      const { days } = await app.growth.diary.calendar({ month });
      this.known = days;
      const felt = days.filter(({ mood }) => mood);
      const cells = felt.map(({ date, mood }) => ({ date, day: Number(date.slice(8)), mood, face: faceOf(mood), name: moodName(mood) }));
      this.setData({ month, days: cells, counts: this.count(cells), isLast: month >= today().slice(0, 7) });
      this.pick(this.data.date);
    });
  },

  /** 哪种心情最多：横条和它的天数一样长。 */
  count(cells) {
    const sums = /** @type {Record<string, number>} */ ({});
    for (const { mood } of cells) sums[mood] = (sums[mood] || 0) + 1;
    const sorted = Object.keys(sums).sort((a, b) => sums[b] - sums[a]);
    return sorted.map((mood) => ({ mood, face: faceOf(mood), name: moodName(mood), count: sums[mood], width: Math.round((sums[mood] / cells.length) * 100) }));
  },

  pick(date) {
    const day = (this.known || []).find((each) => each.date === date);
    this.setData({ date, mood: day ? day.moodOfDay || '' : '' });
  },

  onDate({ detail }) {
    this.pick(detail.value);
  },

  /** 每天第一次记心情有积分；没有网络也能记，联网后上传。 */
  async onMood({ currentTarget }) {
    const { mood } = currentTarget.dataset;
    await app.attempt(async () => {
      const { points, pending } = await app.growth.diary.recordMood({ date: this.data.date, mood });
      wx.showToast({ title: pending ? '已存在手机里，联网后上传' : points ? `记下了，+${points.awarded} 积分` : '记下了', icon: 'none' });
      this.setData({ mood });
    });
    return this.show(this.data.month);
  },

  before() {
    return this.show(shiftMonth(this.data.month, -1));
  },

  after() {
    return this.data.isLast ? undefined : this.show(shiftMonth(this.data.month, 1));
  },
});
