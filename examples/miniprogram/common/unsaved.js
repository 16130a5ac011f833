// @ts-check
/**
 * 写到一半的文字：每次按键都存在手机里，关掉页面、杀掉小程序都不会丢。
 * @typedef {{ content: string, mood: string, weather: string, tags: string, images: string[] }} Draft
 * @typedef {{ draft: Draft, version: number }} Unsaved version 是写的人当时看到的版本，0 表示那天还没有日记
 */
const key = (/** @type {string} */ date) => `editor:${date}`;
const moreKey = (/** @type {string} */ date) => `append:${date}`;

module.exports = {
  /** @param {string} date @returns {Unsaved | null} */
  read: (date) => /** @type {Unsaved | ''} */ (wx.getStorageSync(key(date))) || null,
  /** @param {string} date @param {Unsaved} text */
  keep: (date, text) => wx.setStorageSync(key(date), text),
  /** @param {string} date */
  drop: (date) => wx.removeStorageSync(key(date)),
  /** 还没接上的一段。@param {string} date @returns {string} */
  readMore: (date) => /** @type {string} */ (wx.getStorageSync(moreKey(date))) || '',
  /** @param {string} date @param {string} text */
  keepMore: (date, text) => (text ? wx.setStorageSync(moreKey(date), text) : wx.removeStorageSync(moreKey(date))),
};
