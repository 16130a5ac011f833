// @ts-check
const app = getApp();

const kinds = /** @type {const} */ (['physical', 'virtual', 'badge']);

Page({
  data: {
    wheel: /** @type {import('../../lib/growth-diary').Wheel | null} */ (null),
    prizes: /** @type {object[]} */ ([]),
    cost: 10,
    dailyLimit: 1,
    name: '',
    emoji: '🎁',
    kindNames: ['由家长兑现', '积分', '徽章'],
    kindIndex: 0,
    weight: 10,
    value: 5,
  },

  onLoad({ childId = '0' } = {}) {
    this.child = Number(childId) ? { childId: Number(childId) } : {};
    return this.show();
  },

  async show() {
    await app.attempt(async () => this.put(await app.growth.lottery.config(this.child)));
  },

  /** 机会是权重在所有上架奖品里的占比。 */
  put(wheel) {
    const active = wheel.prizes.filter(({ isActive }) => isActive);
    const all = active.reduce((sum, { weight }) => sum + weight, wheel.blankWeight);
    const toLine = (prize) => Object.assign({}, prize, { odds: prize.isActive ? `${Math.round((prize.weight / all) * 1000) / 10}%` : '停用' });
    this.setData({ wheel, prizes: wheel.prizes.map(toLine), cost: wheel.cost, dailyLimit: wheel.dailyLimit });
  },

  /** 整个列表一起存；别的设备先改过时，服务端不会让两份互相覆盖。 */
  async save(prizes) {
    const { wheel } = this.data;
    if (!wheel) return;
    const saved = await app.attempt(async () => {
      this.put(await app.growth.lottery.savePrizes(Object.assign({ version: wheel.version, prizes }, this.child)));
      return true;
    });
    if (saved) wx.showToast({ title: '存好了', icon: 'none' });
    else await this.show();
  },

  onField({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.field]: detail.value });
  },

  async add() {
    const { wheel, name, emoji, kindIndex, weight, value } = this.data;
    if (!wheel) return;
    const kind = kinds[Number(kindIndex)];
    await this.save(wheel.prizes.concat(/** @type {any} */ ({ name, emoji, kind, weight: Number(weight), value: kind === 'virtual' ? Number(value) : 0 })));
    this.setData({ name: '' });
  },

  toggle({ currentTarget, detail }) {
    const { wheel } = this.data;
    if (!wheel) return undefined;
    const { id } = currentTarget.dataset;
    return this.save(wheel.prizes.map((prize) => (prize.id === id ? Object.assign({}, prize, { isActive: detail.value }) : prize)));
  },

  remove({ currentTarget }) {
    const { wheel } = this.data;
    if (!wheel) return undefined;
    return this.save(wheel.prizes.filter(({ id }) => id !== currentTarget.dataset.id));
  },

  async setConfig() {
    const { cost, dailyLimit } = this.data;
    await app.attempt(async () => {
      this.put(await app.growth.lottery.setConfig(Object.assign({ cost: Number(cost), dailyLimit: Number(dailyLimit) }, this.child)));
      wx.showToast({ title: '存好了', icon: 'none' });
    });
  },

  async reset() {
    await app.attempt(async () => this.put(await app.growth.lottery.resetPrizes(this.child)));
  },
});
