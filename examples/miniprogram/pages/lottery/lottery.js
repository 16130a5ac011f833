const app = getApp();

Page({
  data: { prizes: [], cost: 10, points: 0, records: [], isDrawing: false },

  onShow() {
    return this.show();
  },

  async show() {
    const { lottery, points } = app.growth;
    try {
      const [{ prizes, cost }, balance, { records }] = await Promise.all([lottery.prizes(), points.balance(), lottery.records({ limit: 5 })]);
      const shown = prizes.map((prize) => Object.assign({}, prize, { odds: `${Math.round(prize.probability * 10000) / 100}%` }));
      this.setData({ prizes: shown, cost, points: balance.points, records });
    } catch (error) {
      app.toast(error);
    }
  },

  async draw() {
    this.setData({ isDrawing: true });
    try {
      // 没收到结果就再点一次：问到的是同一次抽奖，不会重复扣分
      const { draw } = await app.growth.lottery.draw();
      wx.showModal({ title: draw.isWinner ? `🎉 ${draw.prize.name}` : '谢谢参与', showCancel: false });
    } catch (error) {
      app.toast(error);
    } finally {
      this.setData({ isDrawing: false });
    }
    return this.show();
  },
});
