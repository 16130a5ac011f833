// @ts-check
const { faceOf, shiftMonth, today } = require('../../common/words');
const app = getApp();

Page({
  data: { month: today().slice(0, 7), weekdays: ['一', '二', '三', '四', '五', '六', '日'], days: /** @type {object[]} */ ([]), stats: /** @type {import('../../lib/growth-diary').Stats | null} */ (null), isLast: true },

  onShow() {
    return this.show(this.data.month);
  },

  /** @param {string} month */
  async show(month) {
    await app.attempt(async () => {
      const [{ days }, stats] = await Promise.all([app.growth.diary.calendar({ month }), app.growth.diary.stats()]);
      this.setData({ month, days: this.grid(month, days), stats, isLast: month >= today().slice(0, 7) });
    });
  },

  /** 一周从星期一开始；前面空出的格子没有日期。 */
  grid(month, days) {
    const [year, index] = month.split('-').map(Number);
    const empty = (new Date(Date.UTC(year, index - 1, 1)).getUTCDay() + 6) % 7;
    const count = new Date(Date.UTC(year, index, 0)).getUTCDate();
    const cells = [];
    for (let place = 0; place < empty; place += 1) cells.push({ key: `-${place}`, date: '' });
    for (let day = 1; day <= count; day += 1) {
      const date = `${month}-${day < 10 ? '0' : ''}${day}`;
      const known = days.find((each) => each.date === date);
      const face = known && known.diaryId !== null ? faceOf(known.mood) : '';
      cells.push({ key: date, date, day, face, tasks: known ? known.tasksDone : 0, isToday: date === today(), isFuture: date > today() });
    }
    return cells;
  },

  before() {
    return this.show(shiftMonth(this.data.month, -1));
  },

  after() {
    if (this.data.isLast) return undefined;
    return this.show(shiftMonth(this.data.month, 1));
  },

  open({ currentTarget }) {
    const { date } = currentTarget.dataset;
    if (date && date <= today()) wx.navigateTo({ url: `/pages/editor/editor?date=${date}` });
  },
});
