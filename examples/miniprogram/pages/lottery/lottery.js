// @ts-check
const app = getApp();

const colours = ['#f7b267', '#7fb7be', '#f79d84', '#9bc995', '#d4a5d9', '#f4d35e'];
const blank = '#eee4d8';

Page({
  data: { prizes: /** @type {import('../../lib/growth-diary').Prize[]} */ ([]), isFamily: false, cost: 10, points: 0, records: /** @type {import('../../lib/growth-diary').Draw[]} */ ([]), isDrawing: false, wheel: '', angle: 0 },

  onShow() {
    return this.show();
  },

  async show() {
    const { lottery, points } = app.growth;
    await app.attempt(async () => {
      const [{ prizes, cost, isFamily }, balance, { records }] = await Promise.all([lottery.prizes(), points.balance(), lottery.records({ limit: 5 })]);
      const shown = prizes.map((prize, place) =>
        Object.assign({}, prize, { odds: `${Math.round(prize.probability * 10000) / 100}%`, colour: colours[place % colours.length] }),
      );
      this.setData({ prizes: shown, isFamily, cost, points: balance.points, records, wheel: this.wheelOf(shown) });
    });
  },

  /** 每个奖品的扇形和它的概率一样大；剩下的是谢谢参与。 */
  wheelOf(prizes) {
    let from = 0;
    const parts = prizes.map(({ probability, colour }) => {
      const start = from;
      from += probability * 100;
      return `${colour} ${start}% ${from}%`;
    });
    return `conic-gradient(${parts.concat(`${blank} ${from}% 100%`).join(', ')})`;
  },

  /** 转到抽中的扇形中间。结果由服务端决定，转盘只是把它演出来。 */
  angleOf(draw) {
    const { prizes, angle } = this.data;
    let from = 0;
    for (const { id, probability } of prizes) {
      if (draw.prize && draw.prize.id === id) break;
      from += probability;
    }
    const won = draw.prize && prizes.find(({ id }) => id === draw.prize.id);
    const middle = from + (won ? won.probability : 1 - from) / 2;
    return angle + 1800 - (angle % 360) - middle * 360;
  },

  async draw() {
    this.setData({ isDrawing: true });
    await app.attempt(async () => {
      // 没收到结果就再点一次：问到的是同一次抽奖，不会重复扣分
      const { draw } = await app.growth.lottery.draw();
      this.setData({ angle: this.angleOf(draw) });
      await new Promise((resolve) => setTimeout(() => resolve(undefined), 1600));
      await wx.showModal({ title: draw.isWinner && draw.prize ? `🎉 ${draw.prize.name}` : '谢谢参与', showCancel: false });
    });
    this.setData({ isDrawing: false });
    return this.show();
  },
});
