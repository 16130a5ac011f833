// @ts-check
const unsaved = require('../../common/unsaved');
const { moods, tagsIn, today, weathers } = require('../../common/words');
const app = getApp();

const blank = { content: '', mood: '', weather: '', tags: '', images: /** @type {string[]} */ ([]) };
const AUTOSAVE_MS = 4000;

Page({
  data: Object.assign(
    {
      moods,
      weathers,
      date: today(),
      today: today(),
      pictures: /** @type {string[]} */ ([]),
      diary: /** @type {import('../../lib/growth-diary').Diary | null} */ (null),
      isRestored: false,
      isBusy: false,
      more: '',
    },
    blank,
  ),

  async onLoad({ date = today() } = {}) {
    this.version = 0;
    this.isDirty = false;
    this.setData(Object.assign({ date, diary: null, isRestored: false, pictures: [], more: unsaved.readMore(date) }, blank));
    const kept = unsaved.read(date);
    if (kept) {
      this.version = kept.version;
      this.isDirty = true;
      this.setData({ isRestored: true });
      this.put(kept.draft);
    }
    const found = await app.growth.diary.get({ date }, { prefer: 'cache' }).catch((error) => {
      wx.showToast({ title: error.message, icon: 'none' });
      return null;
    });
    // 这一天还没有日记：从空白开始
    if (!found || !found.diary) return;
    this.setData({ diary: found.diary });
    if (!kept) this.adopt(found.diary);
  },

  /** 从“历史”回来：恢复的内容要重新读。 */
  onShow() {
    if (!this.wasInHistory) return undefined;
    this.wasInHistory = false;
    return this.onLoad({ date: this.data.date });
  },

  /** 把一篇日记放进编辑框；以后保存时带上它的版本，服务端就知道写的人看到过什么。 */
  adopt(diary) {
    const { content, mood, weather, tags, images, version } = diary;
    this.version = version;
    this.isDirty = false;
    this.put({ content, mood, weather, tags: tags.join(' '), images });
  },

  put(fields) {
    this.setData(fields);
    if (fields.images) this.setData({ pictures: fields.images.map(app.shownAt) });
  },

  /** 每次改动都先存在手机里，几秒后自动保存。 */
  edit(fields) {
    this.isDirty = true;
    this.put(fields);
    this.keepOnPhone();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keepDraft(), AUTOSAVE_MS);
  },

  keepOnPhone() {
    const { content, mood, weather, tags, images, date } = this.data;
    unsaved.keep(date, { draft: { content, mood, weather, tags, images }, version: this.version });
  },

  async onDate({ detail }) {
    await this.keepDraft();
    return this.onLoad({ date: detail.value });
  },

  onText({ detail }) {
    this.edit({ content: detail.value });
  },

  onTags({ detail }) {
    this.edit({ tags: detail.value });
  },

  onMood({ currentTarget }) {
    this.edit({ mood: currentTarget.dataset.mood });
  },

  onWeather({ currentTarget }) {
    this.edit({ weather: currentTarget.dataset.weather });
  },

  discard() {
    unsaved.drop(this.data.date);
    return this.onLoad({ date: this.data.date });
  },

  async addPicture() {
    await app.attempt(async () => {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sizeType: ['compressed'] });
      wx.showLoading({ title: '上传中…' });
      // 先上传图片，再把得到的 fileID 存进日记
      const fileId = await app.growth.image.upload(tempFiles[0].tempFilePath, {
        onProgress: (percent) => wx.showLoading({ title: `上传中 ${percent}%` }),
      });
      this.edit({ images: this.data.images.concat(fileId) });
    });
    wx.hideLoading();
  },

  removePicture({ currentTarget }) {
    this.edit({ images: this.data.images.filter((_, place) => place !== currentTarget.dataset.index) });
  },

  /** 一次只存一份：前一次保存还没回来时，后一次等着，版本才接得上。 */
  inTurn(work) {
    const done = Promise.resolve(this.before).then(work);
    this.before = done.catch(() => {});
    return done;
  },

  /** @param {boolean} isDraft */
  store(isDraft) {
    const { date, content, mood, weather, tags, images } = this.data;
    const fields = { content, mood, weather, tags: tagsIn(tags), images, isDraft };
    const { diary } = app.growth;
    return this.version === 0 ? diary.create(Object.assign({ date }, fields)) : diary.update(Object.assign({ date, version: this.version }, fields));
  },

  async save() {
    this.setData({ isBusy: true });
    clearTimeout(this.timer);
    try {
      const { pending, reward } = await this.inTurn(() => this.store(false));
      unsaved.drop(this.data.date);
      this.isDirty = false;
      wx.showToast({ title: pending ? '已存在手机里，联网后上传' : reward ? `已保存，+${reward.points} 积分` : '已保存', icon: 'none' });
      wx.navigateBack();
    } catch (error) {
      // 没保存成功：文字还在编辑框里；另一台设备也写了这一天时，两份都在“看一看”里
      if (error.code === 'VERSION_CONFLICT') {
        unsaved.drop(this.data.date);
        wx.navigateTo({ url: '/pages/conflicts/conflicts' });
      } else wx.showToast({ title: error.message, icon: 'none' });
    }
    this.setData({ isBusy: false });
  },

  onHide() {
    return this.keepDraft();
  },

  onUnload() {
    return this.keepDraft();
  },

  /** 没发布的文字自动存成草稿，别的设备上也能接着写；已发布的那篇不动，改到一半的文字留在手机里。 */
  keepDraft() {
    clearTimeout(this.timer);
    return this.inTurn(async () => {
      const { diary, date, content } = this.data;
      if (!this.isDirty || !content.trim() || (diary && !diary.isDraft)) return;
      this.isDirty = false;
      // 没存成：文字还在手机里，下次打开接着写
      const stored = await this.store(true).catch(() => null);
      if (stored) {
        this.version = stored.diary.version;
        this.setData({ diary: stored.diary });
      } else this.isDirty = true;
      if (this.isDirty) this.keepOnPhone();
      else unsaved.drop(date);
    });
  },

  onMore({ detail }) {
    this.setData({ more: detail.value });
    unsaved.keepMore(this.data.date, detail.value);
  },

  /** 在已发布的日记后面接着写一段：不需要版本，两台设备都接着写也不会冲突。 */
  async append() {
    const { date, more } = this.data;
    if (this.isDirty) return wx.showToast({ title: '先保存上面的修改', icon: 'none' });
    await app.attempt(async () => {
      const { pending } = await app.growth.diary.append({ date, content: more });
      unsaved.keepMore(date, '');
      wx.showToast({ title: pending ? '已存在手机里，联网后上传' : '接上了', icon: 'none' });
      await this.onLoad({ date });
    });
  },

  history() {
    this.wasInHistory = true;
    wx.navigateTo({ url: `/pages/history/history?date=${this.data.date}` });
  },

  trash() {
    this.wasInHistory = true;
    wx.navigateTo({ url: '/pages/trash/trash' });
  },

  async remove() {
    const { confirm } = await wx.showModal({ title: '删除这篇日记？', content: '30 天内可以在“最近删除”里恢复。', confirmColor: '#c0392b' });
    if (!confirm) return;
    clearTimeout(this.timer);
    await app.attempt(async () => {
      await this.inTurn(() => app.growth.diary.delete({ date: this.data.date }));
      unsaved.drop(this.data.date);
      this.isDirty = false;
      wx.navigateBack();
    });
  },

  /** AI 需要几秒：先排上队，再等结果。 */
  async comment() {
    const { diary } = this.data;
    if (!diary) return;
    wx.showLoading({ title: 'AI 在读…' });
    await app.attempt(async () => {
      const { job } = await app.growth.ai.commentDiary({ diaryId: diary.id });
      const { job: finished } = await app.growth.ai.waitFor({ id: job.id });
      if (finished.error) throw finished.error;
      this.setData({ diary: Object.assign({}, diary, { aiComment: finished.result ? finished.result.text : '' }) });
    });
    wx.hideLoading();
  },

  look({ currentTarget }) {
    wx.previewImage({ urls: this.data.pictures, current: currentTarget.dataset.src });
  },
});
