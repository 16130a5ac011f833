// @ts-check
const config = require('../../config');
const app = getApp();

const PHRASE = '注销账号';

Page({
  data: { profile: /** @type {import('../../lib/growth-diary').Profile | null} */ (null), status: /** @type {import('../../lib/growth-diary').SyncStatus | null} */ (null), place: config.env || config.local.replace(/\?.*/, '') },

  async onShow() {
    await app.attempt(async () => {
      this.setData({ profile: await app.growth.user.profile(), status: app.growth.sync.status() });
    });
  },

  async rename() {
    const { confirm, content } = await wx.showModal({ title: '怎么称呼你？', editable: true, placeholderText: '昵称' });
    if (!confirm || !content) return;
    await app.attempt(async () => this.setData({ profile: await app.growth.user.update({ nickname: content }) }));
  },

  /** 关掉以后，日记的文字不会交给 AI。 */
  async onAi({ detail }) {
    await app.attempt(async () => this.setData({ profile: await app.growth.user.update({ settings: { aiEnabled: detail.value } }) }));
    await this.onShow();
  },

  async syncNow() {
    wx.showLoading({ title: '同步中…' });
    await app.attempt(() => app.growth.sync.now());
    wx.hideLoading();
    await this.onShow();
  },

  /** 全部数据，一份 JSON；很多时得到的是一个下载链接。 */
  async exportAll() {
    await app.attempt(async () => {
      const everything = await app.growth.user.export();
      await wx.setClipboardData({ data: JSON.stringify(everything, null, 2) });
      wx.showToast({ title: '已复制，粘贴到别处保存', icon: 'none' });
    });
  },

  async erase() {
    const { confirm, content } = await wx.showModal({
      title: '注销账号',
      content: '',
      editable: true,
      placeholderText: `日记、积分都会删除。确认请输入“${PHRASE}”`,
      confirmColor: '#c0392b',
    });
    if (!confirm) return;
    await app.attempt(async () => {
      await app.growth.user.erase({ confirm: content || '' });
      wx.reLaunch({ url: '/pages/diaries/diaries' });
    });
  },

  async logout() {
    await app.attempt(async () => {
      await app.growth.logout();
      wx.reLaunch({ url: '/pages/diaries/diaries' });
    });
  },
});
