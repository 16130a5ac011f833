// @ts-check
const { clockOf } = require('../../common/words');
const app = getApp();

Page({
  data: {
    /** 输入过家长密码：15 分钟内可以确认任务、发奖励。 */
    isOpen: false,
    hasPin: false,
    pin: '',
    old: '',
    code: '',
    invitation: '',
    amount: '',
    reason: '',
    tasks: /** @type {import('../../lib/growth-diary').Task[]} */ ([]),
    prizes: /** @type {object[]} */ ([]),
    guardians: /** @type {{ id: number, nickname: string, canReadDiary: boolean }[]} */ ([]),
    children: /** @type {{ id: number, nickname: string, sharesDiary: boolean }[]} */ ([]),
    /** 用自己的微信做家长时，选中的孩子；0 是这部手机上的孩子。 */
    childId: 0,
    consent: /** @type {{ required: string | null, isGiven: boolean } | null} */ (null),
    settings: /** @type {{ taskApproval: string, shareDiary: boolean } | null} */ (null),
    approvals: ['不用确认', '自己加的要确认', '都要确认'],
    approvalIndex: 0,
    agreesAi: true,
    agreesPictures: true,
  },

  onShow() {
    return this.show();
  },

  /** 给谁做：自己的微信做家长时带上孩子的编号。 */
  forChild() {
    const { childId } = this.data;
    return childId ? { childId } : {};
  },

  async show() {
    await app.attempt(async () => {
      const { family, user } = app.growth;
      const [members, consent, { settings }] = await Promise.all([family.members(), user.consents(), user.profile()]);
      const [latest] = consent.consents;
      this.setData({ guardians: members.guardians, children: members.children, consent, settings, approvalIndex: levels.indexOf(settings.taskApproval) });
      if (latest) this.setData({ agreesAi: latest.items.ai, agreesPictures: latest.items.pictures });
    });
    await this.showWaiting();
  },

  /** 等家长的：要确认的任务，和中了还没兑现的奖品。 */
  async showWaiting() {
    try {
      const { tasks } = await app.growth.family.inbox(this.forChild());
      const prizes = this.data.childId ? [] : (await app.growth.lottery.records({ limit: 50 })).records.filter(({ given }) => given === false);
      this.setData({ isOpen: true, tasks, prizes: prizes.map((draw) => Object.assign({}, draw, { at: clockOf(draw.createdAt) })) });
    } catch (error) {
      this.setData({ isOpen: false, hasPin: Boolean(error.details && error.details.hasPin), tasks: [], prizes: [] });
      if (error.code !== 'GUARDIAN_REQUIRED') wx.showToast({ title: error.message, icon: 'none' });
    }
  },

  /** 做一件家长的事，再把页面读一遍。 */
  async act(work, title) {
    await app.attempt(async () => {
      await work();
      if (title) wx.showToast({ title, icon: 'none' });
    });
    return this.show();
  },

  onField({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.field]: detail.value });
  },

  unlock() {
    const { pin } = this.data;
    this.setData({ pin: '', old: '' });
    return this.act(() => app.growth.family.unlock({ pin }));
  },

  /** 第一次设置直接生效；换新密码要给出原来的。 */
  setPin() {
    const { pin, old } = this.data;
    this.setData({ pin: '', old: '' });
    return this.act(async () => {
      await app.growth.family.setPin(old ? { pin, old } : { pin });
      await app.growth.family.unlock({ pin });
    }, '密码设好了');
  },

  lock() {
    return this.act(() => app.growth.family.lock(), '已退出家长模式');
  },

  async forget() {
    const { confirm } = await wx.showModal({ title: '忘了密码？', content: '24 小时后密码清除；这期间知道密码的人可以取消。' });
    if (confirm) await this.act(() => app.growth.family.resetPin(), '24 小时后清除');
  },

  approve({ currentTarget }) {
    return this.act(() => app.growth.task.approve(Object.assign({ id: currentTarget.dataset.id }, this.forChild())), '认可了');
  },

  async reject({ currentTarget }) {
    const { confirm, content } = await wx.showModal({ title: '为什么不通过？', editable: true, placeholderText: '例如：书桌还没收好' });
    if (confirm) await this.act(() => app.growth.task.reject(Object.assign({ id: currentTarget.dataset.id, reason: content || '再试一次' }, this.forChild())));
  },

  give({ currentTarget }) {
    return this.act(() => app.growth.lottery.redeem({ id: currentTarget.dataset.id, given: true }), '兑现了');
  },

  /** 奖励或扣除积分，正数奖励，负数扣除。 */
  bonus() {
    const { amount, reason } = this.data;
    return this.act(async () => {
      const { points } = await app.growth.points.bonus(Object.assign({ amount: Number(amount), reason }, this.forChild()));
      this.setData({ amount: '', reason: '' });
      wx.showToast({ title: `现在 ${points} 分`, icon: 'none' });
    });
  },

  onApproval({ detail }) {
    const taskApproval = levels[Number(detail.value)];
    return this.act(() => app.growth.user.update({ settings: { taskApproval } }));
  },

  onShare({ detail }) {
    return this.act(() => app.growth.user.update({ settings: { shareDiary: detail.value } }));
  },

  /** 同意书是监护人签的；AI 和图片可以随时撤回。 */
  agree() {
    const { consent, agreesAi, agreesPictures } = this.data;
    if (!consent || consent.required === null) return undefined;
    const version = consent.required;
    return this.act(() => app.growth.user.consent({ version, relation: 'parent', items: { diary: true, ai: agreesAi, pictures: agreesPictures } }), '记下了');
  },

  invite() {
    return this.act(async () => {
      const { code } = await app.growth.family.invite();
      this.setData({ invitation: code });
    });
  },

  join() {
    return this.act(async () => {
      const { childId, nickname } = await app.growth.family.join({ code: this.data.code });
      this.setData({ code: '', childId });
      wx.showToast({ title: `你是${nickname || '孩子'}的家长了`, icon: 'none' });
    });
  },

  choose({ currentTarget }) {
    this.setData({ childId: currentTarget.dataset.id });
    return this.showWaiting();
  },

  leave({ currentTarget }) {
    this.setData({ childId: 0 });
    return this.act(() => app.growth.family.leave({ childId: currentTarget.dataset.id }));
  },

  remove({ currentTarget }) {
    return this.act(() => app.growth.family.remove({ guardianId: currentTarget.dataset.id }), '移除了');
  },

  prizes() {
    wx.navigateTo({ url: `/pages/prizes/prizes?childId=${this.data.childId}` });
  },
});

const levels = /** @type {const} */ (['none', 'own', 'all']);
