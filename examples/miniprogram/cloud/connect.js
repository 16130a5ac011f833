// @ts-check
const config = require('../config');
const { createGrowthDiary } = require('../lib/growth-diary');
const { createLocalCloud } = require('./local');

/**
 * 直接调用云函数，给 SDK 还没有的操作用；回答的 data，或者抛出其中的 error。
 * @param {{ callFunction(call: { name: string, data: object }): Promise<any> }} cloud
 */
const asker = (cloud) => async (/** @type {string} */ name, /** @type {string} */ action, /** @type {object} */ data) => {
  const { result } = await cloud.callFunction({ name, data: { action, data } });
  if (!result.success) throw result.error;
  return result.data;
};

/** 连上 config.js 里写的云，返回 SDK 和显示图片的办法。整个小程序只创建一次。 */
function connect() {
  // conflictPolicy: 'ask' 表示两台设备写了同一天时，由孩子自己选
  if (config.env) {
    wx.cloud.init({ env: config.env });
    // 小程序的 <image> 直接认得云文件 ID
    return { growth: createGrowthDiary({ conflictPolicy: 'ask' }), ask: asker(wx.cloud), shownAt: (/** @type {string} */ fileId) => fileId };
  }
  const cloud = createLocalCloud(config.local, config.openid);
  return { growth: createGrowthDiary({ wx: Object.create(wx, { cloud: { value: cloud } }), conflictPolicy: 'ask' }), ask: asker(cloud), shownAt: cloud.shownAt };
}

module.exports = { connect };
