const app = getApp();

Page({
  data: { tasks: [], completed: 0, total: 0, points: 0, title: '' },

  onShow() {
    return this.show();
  },

  async show() {
    try {
      const { tasks, completed, total } = await app.growth.task.list();
      const { points } = await app.growth.points.balance();
      this.setData({ tasks, completed, total, points });
    } catch (error) {
      app.toast(error);
    }
  },

  async toggle({ currentTarget }) {
    const { id, done } = currentTarget.dataset;
    try {
      if (done) await app.growth.task.uncomplete({ id });
      else {
        const { points, pending } = await app.growth.task.complete({ id });
        wx.showToast({ title: pending ? '已记下，联网后加分' : `+${points.awarded} 积分`, icon: 'none' });
      }
    } catch (error) {
      app.toast(error);
    }
    return this.show();
  },

  onTitle({ detail }) {
    this.setData({ title: detail.value });
  },

  async add() {
    try {
      await app.growth.task.create({ title: this.data.title, pointsReward: 5, repeat: { kind: 'daily' } });
      this.setData({ title: '' });
    } catch (error) {
      app.toast(error);
    }
    return this.show();
  },
});
