// @ts-check
const app = getApp();

Page({
  data: { profile: /** @type {import('../../lib/growth-diary').Profile | null} */ (null), waiting: 0 },

  async onShow() {
    await app.attempt(async () => {
      const profile = await app.growth.user.profile();
      const { conflicts, setAside } = app.growth.sync.status();
      this.setData({ profile, waiting: conflicts + setAside });
    });
  },

  go({ currentTarget }) {
    const { page } = currentTarget.dataset;
    wx.navigateTo({ url: `/pages/${page}/${page}` });
  },
});
