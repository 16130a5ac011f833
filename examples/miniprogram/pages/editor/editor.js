const app = getApp();

const moods = [
  { key: 'happy', face: '😊' },
  { key: 'calm', face: '😌' },
  { key: 'excited', face: '🤩' },
  { key: 'grateful', face: '🥰' },
  { key: 'tired', face: '😪' },
  { key: 'sad', face: '😢' },
];

const today = () => new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10);

Page({
  data: { moods, date: today(), today: today(), content: '', mood: '', images: [], version: 0, isNew: true, isSaving: false },

  async onLoad({ date = today() }) {
    this.setData({ date });
    try {
      const { diary } = await app.growth.diary.get({ date }, { prefer: 'cache' });
      const { content, mood, images, version } = diary;
      this.setData({ content, mood, images, version, isNew: false });
    } catch (error) {
      // 这一天还没有日记：从空白开始
      if (error.code !== 'NOT_FOUND') app.toast(error);
    }
  },

  onDate({ detail }) {
    return this.onLoad({ date: detail.value });
  },

  onText({ detail }) {
    this.setData({ content: detail.value });
  },

  onMood({ currentTarget }) {
    this.setData({ mood: currentTarget.dataset.mood });
  },

  async addPicture() {
    try {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sizeType: ['compressed'] });
      wx.showLoading({ title: '上传中…' });
      // 先上传图片，再把得到的 fileID 存进日记
      const fileId = await app.growth.image.upload(tempFiles[0].tempFilePath, {
        onProgress: (percent) => wx.showLoading({ title: `上传中 ${percent}%` }),
      });
      this.setData({ images: this.data.images.concat(fileId) });
    } catch (error) {
      if (error.code) app.toast(error);
    } finally {
      wx.hideLoading();
    }
  },

  async save() {
    const { date, content, mood, images, version, isNew } = this.data;
    this.setData({ isSaving: true });
    try {
      const { diary, reward, pending } = isNew
        ? await app.growth.diary.create({ date, content, mood, images })
        : await app.growth.diary.update({ date, version, content, mood, images });
      this.setData({ version: diary.version, isNew: false });
      wx.showToast({ title: pending ? '已存在手机里，联网后上传' : reward ? `已保存，+${reward.points} 积分` : '已保存', icon: 'none' });
      wx.navigateBack();
    } catch (error) {
      // 没保存成功：文字还在编辑框里
      if (error.code === 'VERSION_CONFLICT') wx.navigateTo({ url: '/pages/conflicts/conflicts' });
      else app.toast(error);
    } finally {
      this.setData({ isSaving: false });
    }
  },

  async remove() {
    const { confirm } = await wx.showModal({ title: '删除这篇日记？', confirmColor: '#e05a4e' });
    if (!confirm) return;
    try {
      await app.growth.diary.delete({ date: this.data.date });
      wx.navigateBack();
    } catch (error) {
      app.toast(error);
    }
  },
});
