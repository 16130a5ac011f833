// @ts-check
const { connect } = require('./cloud/connect');

App({
  onLaunch() {
    Object.assign(this, connect());
    // 没有网络也没关系：手机上已有的内容照样看得到，写的内容会先存在手机里
    this.attempt(() => this.growth.login());
    this.offerMigration();
  },

  /** @type {import('./lib/growth-diary').GrowthDiary} */
  growth: /** @type {any} */ (null),
  /** 直接调用云函数。@type {(name: string, action: string, data: object) => Promise<any>} */
  ask: /** @type {any} */ (null),
  /** <image> 能显示的地址。@type {(fileId: string) => string} */
  shownAt: (fileId) => fileId,

  /**
   * 做一件可能失败的事；失败时用一句话告诉用户，页面上已有的内容原样留着。
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  attempt(work) {
    return work().catch((error) => {
      wx.showToast({ title: error.message || error.errMsg, icon: 'none' });
      return undefined;
    });
  },

  /** 旧版本留在手机里的数据：有就带用户去搬家页，什么时候轮到谁由服务端决定。 */
  async offerMigration() {
    const status = await this.growth.migration.status().catch(() => null);
    if (status && (status.state === 'waiting' || status.state === 'started')) wx.navigateTo({ url: '/pages/migration/migration' });
  },
});
