import type { ErrorCode } from '../errors';

/** In place of the sentence of `errorKinds`. */
const byCode: Record<ErrorCode, string> = {
  INVALID_INPUT: 'Something filled in is not right. Check it and try again',
  UNAUTHENTICATED: 'Sign in first',
  ACCOUNT_ERASED: 'This account has been deleted',
  FORBIDDEN: 'You may not do this',
  GUARDIAN_REQUIRED: 'A parent has to confirm this',
  PIN_INVALID: 'The parent PIN is wrong',
  CONSENT_REQUIRED: 'A guardian has to agree first',
  NOT_FOUND: 'Nothing was found',
  DIARY_EXISTS: 'There is a diary for this day already',
  VERSION_CONFLICT: 'It was changed elsewhere. Reload and try again',
  TASK_ALREADY_COMPLETED: 'This task is done already',
  TASK_NOT_COMPLETED: 'This task is not done yet',
  POINTS_INSUFFICIENT: 'Not enough points',
  LOTTERY_EMPTY: 'All prizes are gone. Come back later',
  IDEMPOTENCY_MISMATCH: 'This request id was used for something else. Submit again',
  CONTENT_REJECTED: 'The content check refused this. Change it and try again',
  AI_DISABLED: 'The AI is switched off',
  QUOTA_EXCEEDED: 'Used up for today. Come back tomorrow',
  RATE_LIMITED: 'Too many requests. Try again in a moment',
  UPGRADE_REQUIRED: 'This version is too old. Update the mini-program',
  INTERNAL: 'Something went wrong. Try again later',
  PROVIDER_ERROR: 'An outside service is not available. Try again later',
  UNAVAILABLE: 'The service is not available. Try again later',
};

/** By the Chinese sentence in the code; {} stands for a number or a name. A test finds sentences that are missing here. */
const bySentence: Readonly<Record<string, string>> = {
  'AI 功能尚未配置': 'The AI is not set up',
  这篇日记还没有内容: 'This diary has no text yet',
  这篇日记还没有评语: 'This diary has no comment yet',
  'diaryId 与 content 请给出其中一个': 'Give either diaryId or content',
  不能为空: 'Must not be empty',
  日记自己的心情和天气已经算在内: "The diary's own mood and weather are used",
  需要监护人同意后才能保存图片: 'A guardian has to agree before pictures are stored',
  '需要监护人同意后才能使用 AI': 'A guardian has to agree before the AI is used',
  没有这个操作: 'There is no such action',
  没有这个接口: 'There is no such path',
  '时间应为 ISO 8601': 'Must be an ISO 8601 instant',
  包含无法识别的字符: 'Has characters that are not valid Unicode',
  层级过深: 'Nested too deeply',
  不支持的字段: 'Unknown field',
  内容过大: 'Too large',
  '请求体不是有效的 JSON': 'The body is not valid JSON',
  请求编号格式不正确: 'The request id has a wrong format',
  '请求体应为 JSON 对象': 'The body must be a JSON object',
  请说明要做什么: 'Name the action',
  登录凭证应为文本: 'The token must be text',
  家长凭证应为文本: 'The guardian token must be text',
  调用参数应为对象: 'The event must be an object',
  '语言应为 zh 或 en': 'The language must be zh or en',
  请先设置家长密码: 'Set a parent PIN first',
  这个昵称不能使用: 'This nickname cannot be used',
  只能由孩子自己修改: 'Only the child may change this',
  必填: 'Required',
  '上架奖品的概率之和不能超过 1': 'The probabilities of active prizes must not exceed 1',
  最多四位小数: 'At most four decimals',
  '图片地址应以 https://、cloud:// 或 cos:// 开头': 'A picture address starts with https://, cloud:// or cos://',
  没有找到这个文件: 'This file was not found',
  有文件未能删除: 'Some files could not be deleted',
  '只支持 jpg、png、gif、webp 图片': 'Only jpg, png, gif and webp pictures are supported',
  '图片不能超过 10 MB': 'A picture may have at most 10 MB',
  '最多查看 {} 天后的任务': 'Tasks are shown for at most {} days ahead',
  '最多 {} 分': 'At most {} points',
  '只能完成今天的任务；补记 {} 天内的任务请带上那天的日期':
    'Only a task of today can be completed; name the date for one of the last {} days',
  '最多补 {} 天前的任务': 'At most {} days back',
  '最多安排到 {} 天后': 'At most {} days ahead',
  '第一次最多安排到 {} 天后': 'The first time is at most {} days ahead',
  系统任务不能修改或删除: 'System tasks cannot be changed or deleted',
  已完成或重复的任务不能改日期: 'The date of a done or repeating task cannot change',
  '任务已完成，不能再改积分': 'The task is done: its points cannot change',
  '日期应为 YYYY-MM-DD': 'The date must be YYYY-MM-DD',
  没有这个用户: 'There is no such user',
  云服务没有及时回应: 'The cloud did not answer in time',
  云存储尚未配置: 'Cloud storage is not set up',
  '登录凭证已失效，请重试': 'The sign-in code has expired. Try again',
  微信登录暂时不可用: 'WeChat sign-in is not available right now',
  '最多 {} 个字': 'At most {} characters',
  不能包含控制字符: 'Must not contain control characters',
  '月份应为 YYYY-MM': 'The month must be YYYY-MM',
  '家长密码应为 6 位数字': 'The parent PIN has 6 digits',
  邀请码不存在或已过期: 'The invitation does not exist or has expired',
  '最多 {} 位家长': 'At most {} guardians',
  没有这位家长: 'There is no such guardian',
  '密码错误次数过多，请稍后再试': 'Too many wrong PINs. Try again later',
  还没有设置家长密码: 'No parent PIN is set yet',
  '同意书已更新，请重新阅读': 'The consent text has changed. Read it again',
  离线修改只能属于自己: 'Offline changes can only be your own',
  不支持的修改: 'Unknown kind of change',
  设备编号格式不正确: 'The device id has a wrong format',
  校验值格式不正确: 'The checksum has a wrong format',
  不能写未来的日记: 'A diary cannot be of a future day',
  'id 与 date 请给出其中一个': 'Give either id or date',
  'page 与 cursor 请给出其中一个': 'Give either page or cursor',
  不能记录未来的心情: 'A mood cannot be of a future day',
  '最多补 {} 天前的心情': 'At most {} days back',
  写点内容再发布吧: 'Write something before you publish',
  '日期不能早于 {}': 'The date must not be before {}',
  请输入要找的字词: 'Type what to look for',
  '这是临时文件，请先上传图片': 'This is a temporary file. Upload the picture first',
  '图片地址不可用，请先上传图片': 'This picture address cannot be used. Upload the picture first',
  游标不正确: 'The cursor is wrong',
  类型不正确: 'Wrong type',
  '至少 {} 个字': 'At least {} characters',
  '至少 {} 项': 'At least {} items',
  '最多 {} 项': 'At most {} items',
  '不能小于 {}': 'Must not be less than {}',
  '不能大于 {}': 'Must not be greater than {}',
  '应为 {} 之一': 'Must be one of {}',
  '应为 {}': 'Must be {}',
  写点内容吧: 'Write something',
  '历史记录太多了，过几天再改吧': 'There are too many versions. Change it again in a few days',
  '不能为 0': 'Must not be 0',
  '每天奖励和扣除合计不超过 {} 分': 'Rewards and deductions of a day add up to at most {} points',
  '时间应为 HH:MM': 'The time must be HH:MM',
  没有这个系统任务: 'There is no such system task',
  'id 与 ids 请给出其中一个': 'Give either id or ids',
  这个任务没有在等待确认: 'This task is not waiting for approval',
  '每天最多奖励 {} 分': 'At most {} points a day as a reward',
  格式不正确: 'Wrong format',
};

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const patterns = Object.entries(bySentence).map(([chinese, english]) => {
  const parts = chinese.split('{}').map(literally);
  return { pattern: new RegExp(`^${parts.join('(.+?)')}$`), english };
});

/** The English of a sentence of a refusal; null where the table has none. */
export function englishOf(chinese: string): string | null {
  for (const { pattern, english } of patterns) {
    const match = pattern.exec(chinese);
    if (match) return english.replace('{}', match[1] ?? '').replaceAll('、', ', ');
  }
  return null;
}

export const englishOfCode = (code: ErrorCode): string => byCode[code];
