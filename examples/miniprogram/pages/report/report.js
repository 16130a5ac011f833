// @ts-check
const { faceOf, moodName, shiftMonth, today } = require('../../common/words');
const app = getApp();

const weekdays = ['日', '一', '二', '三', '四', '五', '六'];

Page({
  data: { kind: 'week', at: today(), report: /** @type {any} */ (null), bars: /** @type {object[]} */ ([]), moods: /** @type {object[]} */ ([]), poster: '' },

  onShow() {
    return this.show('week', today());
  },

  /** @param {'week' | 'month'} kind @param {string} at 这一周或这个月里的一天 */
  async show(kind, at) {
    await app.attempt(async () => {
      const report = await app.ask('report', kind, kind === 'week' ? { start: at } : { month: at.slice(0, 7) });
      const most = Math.max.apply(null, [1].concat(report.pointsByDay || []));
      const bars = (report.pointsByDay || []).map((points, day) => ({ name: weekdays[day], points, height: Math.round((points / most) * 150) }));
      const counted = kind === 'week' ? report.moods : report.mood.distribution;
      const moods = counted.map(({ mood, count }) => ({ mood, count, face: faceOf(mood), name: moodName(mood) }));
      this.setData({ kind, at, report, bars, moods, poster: '' });
    });
  },

  onKind({ currentTarget }) {
    return this.show(currentTarget.dataset.kind, today());
  },

  before() {
    const { kind, at } = this.data;
    if (kind === 'month') return this.show('month', `${shiftMonth(at.slice(0, 7), -1)}-01`);
    return this.show('week', new Date(Date.parse(at) - 7 * 86400000).toISOString().slice(0, 10));
  },

  async showPoster() {
    await app.attempt(async () => {
      const { svg } = await app.ask('report', 'poster', { month: this.data.at.slice(0, 7) });
      this.setData({ poster: `data:image/svg+xml,${encodeURIComponent(svg)}` });
    });
  },
});
