const app = getApp();

Page({
  data: { conflicts: [], setAside: [] },

  onShow() {
    const { sync } = app.growth;
    this.setData({ conflicts: sync.conflicts(), setAside: sync.setAside() });
  },

  /** 选这台手机写的，或者另一台设备写的；没选中的那份服务端也留着。 */
  async choose({ currentTarget }) {
    const { id, choice } = currentTarget.dataset;
    try {
      await app.growth.sync.resolve(id, choice);
    } catch (error) {
      app.toast(error);
    }
    this.onShow();
  },

  async joinBoth({ currentTarget }) {
    const { id } = currentTarget.dataset;
    const { mine, theirs } = this.data.conflicts.find((conflict) => conflict.id === id);
    try {
      await app.growth.sync.resolve(id, { content: `${theirs.content}\n\n${mine.content}` });
    } catch (error) {
      app.toast(error);
    }
    this.onShow();
  },

  async retry({ currentTarget }) {
    try {
      await app.growth.sync.retry(currentTarget.dataset.id);
    } catch (error) {
      app.toast(error);
    }
    this.onShow();
  },

  discard({ currentTarget }) {
    app.growth.sync.discard(currentTarget.dataset.id);
    this.onShow();
  },
});
