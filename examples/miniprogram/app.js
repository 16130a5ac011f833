const { createGrowthDiary } = require('./lib/growth-diary');

App({
  onLaunch() {
    // 换成你自己的云开发环境
    wx.cloud.init({ env: 'your-env-id' });

    // 整个小程序只创建一次；conflictPolicy: 'ask' 表示两台设备写了同一天时由孩子自己选
    this.growth = createGrowthDiary({ conflictPolicy: 'ask' });

    // 没有网络也没关系：手机上已有的内容照样看得到，写的内容会先存在手机里
    this.growth.login().catch((error) => this.toast(error));
    this.moveIn();
  },

  /** 第一次使用新版本时，把旧版本留在手机里的数据搬到云端；什么时候轮到谁由服务端决定。 */
  async moveIn() {
    const { migration } = this.growth;
    try {
      const { state } = await migration.status();
      if (state !== 'waiting' && state !== 'started') return;
      wx.showLoading({ title: '正在搬家…', mask: true });
      const report = await migration.run({
        onProgress: ({ phase, done, total }) => {
          if (phase === 'diaries') wx.showLoading({ title: `搬日记 ${done}/${total}`, mask: true });
        },
      });
      if (!report.verified) return;
      wx.showModal({
        title: '搬家完成',
        content: `${report.textsIn} 篇日记都在，积分 ${report.points.balance}`,
        showCancel: false,
      });
    } catch (error) {
      // 下次打开会接着搬，不会丢也不会重复
      console.warn('migration', error.code);
    } finally {
      wx.hideLoading();
    }
  },

  toast(error) {
    wx.showToast({ title: error.message, icon: 'none' });
  },
});
