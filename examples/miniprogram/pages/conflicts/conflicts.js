// @ts-check
const app = getApp();

Page({
  data: { conflicts: /** @type {import('../../lib/growth-diary').Conflict[]} */ ([]), setAside: /** @type {import('../../lib/growth-diary').SetAside[]} */ ([]) },

  onShow() {
    const { sync } = app.growth;
    this.setData({ conflicts: sync.conflicts(), setAside: sync.setAside() });
  },

  /** 选这台手机写的，或者另一台设备写的；没选中的那份服务端也留着。 */
  async choose({ currentTarget }) {
    const { id, choice } = currentTarget.dataset;
    await app.attempt(() => app.growth.sync.resolve(id, choice));
    this.onShow();
  },

  async joinBoth({ currentTarget }) {
    const { id } = currentTarget.dataset;
    const conflict = this.data.conflicts.find((each) => each.id === id);
    if (!conflict || !conflict.mine || !conflict.theirs) return;
    const { mine, theirs } = conflict;
    await app.attempt(() => app.growth.sync.resolve(id, { content: `${theirs.content}\n\n${mine.content}` }));
    this.onShow();
  },

  async retry({ currentTarget }) {
    await app.attempt(() => app.growth.sync.retry(currentTarget.dataset.id));
    this.onShow();
  },

  discard({ currentTarget }) {
    app.growth.sync.discard(currentTarget.dataset.id);
    this.onShow();
  },
});
