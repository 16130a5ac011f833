import { describe, expect, test } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { main as family } from '../../functions/family/index';
import { main as user } from '../../functions/user/index';
import { harmIn, harmSentences } from '../../shared/safety/harm';
import { guarded } from '../family';
import { type Child, newChild, ok, select, TODAY, withoutRateLimits } from '../harness';
import { outgoing, useServices } from './services';

withoutRateLimits();
const services = useServices(ai);

const selfHarm = [
  '我不想活了。',
  '有时候觉得活着没意思。',
  '今天又考砸了，我真想死。',
  '我想自杀，可是不敢告诉妈妈。',
  '我昨天用小刀划了手腕。',
  '用圆规扎自己的时候就不难过了',
  '如果我死了，他们会不会后悔',
  '死了算了，反正没人在乎我。',
  '我站在阳台上想跳下去',
  '真想从楼上跳下去',
  '没有我大家会更开心',
  '要是我没有出生就好了',
  '我好想从这个世界上消失',
  '我偷偷写了遗书放在抽屉里',
  '我想吃很多药，一睡不醒',
  '再也不想醒来',
  '活得好累，没有意义',
  '他们骂我的时候我就掐自己',
  '我用头撞墙，妈妈才看我',
  '我想结束自己的生命',
  '老师讲了一个故事，我听完也想死',
  '我 不 想 活 了',
  '真希望明天不要醒来',
  '我又用刀片在胳膊上划了几道',
  '我在想怎么死才不疼',
  '我觉得死了就解脱了',
  '没人会在意我死不死',
];

const abuse = [
  '爸爸喝醉了又打我。',
  '妈妈用衣架抽了我，腿上都是印子。',
  '高年级的同学把我堵在厕所里。',
  '他们天天欺负我，还抢了我的零花钱。',
  '我被同学打了，不敢说。',
  '叔叔摸我的屁股，叫我不要告诉妈妈。',
  '教练让我脱衣服',
  '哥哥掐我，不许我哭。',
  '老师当着全班扇了我一巴掌',
  '后爸把我锁在房间里一整天',
  '班里有人威胁我，说放学等着',
  '爸爸拿皮带打我',
  '有个陌生人给我看他没穿衣服的照片',
  '我在学校被霸凌了',
  '有个叔叔跟着我，还抓我的手',
  '奶奶用鞋底打我',
  '舅舅老是摸我下面',
  '班上的男生老是推我还抢我东西',
  '保姆把我关在黑屋子里',
  '他逼我看不穿衣服的视频',
];

const harmless = [
  '今天笑死我了！',
  '爬山累死了，不过风景很美。',
  '好久没见奶奶，想死奶奶了。',
  '热死了，吃了两根冰棍。',
  '我的小金鱼死了，我很难过，把它埋在花盆里。',
  '外公去年去世了，我很想他。',
  '老师讲了屈原投江自杀的故事。',
  '课文里的小女孩冻死了，我哭了。',
  '电脑死机了，作业没保存。',
  '和爸爸打雪仗，爸爸打不过我。',
  '妈妈打电话给我，说晚点回来。',
  '护士给我打针，我没有哭。',
  '哥哥和我打球，我输了。',
  '我被这部电影感动哭了。',
  '今天被雨打湿了。',
  '我们班被三班打败了。',
  '没有人欺负我，同学都很好。',
  '爸爸从来不打我。',
  '妈妈抱了抱我，亲了我的脸。',
  '我帮妈妈拿衣架晾衣服。',
  '我把自己打扮得漂漂亮亮。',
  '游戏里的怪兽被我打死了。',
  '动画片里坏人把公主关在塔里。',
  '我和小明是死党。',
  '这道题我死记硬背也背不下来。',
  '我想睡觉，困死了。',
  '我差点从滑梯上跳下去，好刺激！',
  '叔叔给我打包了蛋糕。',
  '老师摸了摸我的头，夸我进步大。',
  '弟弟咬了我一口，妈妈说他在长牙。',
  '我用尺子量了桌子。',
  '今天我割了草，手上起了泡。',
  '爷爷教我骑车，我摔了一跤。',
  '妈妈骂了我，因为我没写作业',
  '我输了比赛，好想消失在地缝里',
  '爸爸打呼噜吵死我了',
  '妈妈让我脱掉外套，因为太热',
  '我差点被球打到',
  '我不想活动，只想躺着',
  '我的蚕宝宝活着回来了',
  '我喜欢活着的小螃蟹，不要吃掉它。',
];

describe('the lists of words', () => {
  test.each(selfHarm)('see harm to itself in: %s', (sentence) => expect(harmIn(sentence)).toBe('self-harm'));
  test.each(abuse)('see harm by others in: %s', (sentence) => expect(harmIn(sentence)).toBe('abuse'));
  test.each(harmless)('see nothing in: %s', (sentence) => expect(harmIn(sentence)).toBeNull());

  test('see one sentence in the middle of a long happy day, and the worse of two', () => {
    expect(harmIn(`今天去公园玩。${'看到了花和鸟。'.repeat(200)}其实我不想活了！晚上吃了面条。`)).toBe('self-harm');
    expect(harmIn('爸爸打我。\n我想自杀。')).toBe('self-harm');
  });
});

describe('a comment asked for', () => {
  const commentOn = async ({ openid }: Child, content: string) => {
    const { id } = (await ok(diary, openid, 'create', { date: TODAY, content })).diary;
    const { job } = await ok(ai, openid, 'commentDiary', { diaryId: id });
    return { job, read: (await ok(diary, openid, 'get', { id })).diary };
  };
  const notes = ({ userId }: Child) => select('SELECT * FROM guardian_notes WHERE user_id = ?', [userId]);

  test('on words of self-harm answers the fixed sentence, asks no AI, and leaves the guardian a note without the text', async () => {
    const child = await newChild();
    const before = outgoing(services);
    const { job, read } = await commentOn(child, '我不想活了，谁也别告诉');
    expect(job).toMatchObject({ status: 'done', result: { text: harmSentences['self-harm'] } });
    expect(harmSentences['self-harm']).toMatch(/信任的大人.*12355/);
    expect(read.aiComment).toBe(harmSentences['self-harm']);
    expect(outgoing(services)).toBe(before);
    const [note, ...more] = await notes(child);
    expect(more).toEqual([]);
    expect(note).toEqual({
      user_id: child.userId,
      id: expect.any(Number),
      kind: 'self-harm',
      note_date: TODAY,
      created_at: expect.any(Date),
    });
    await ok(ai, child.openid, 'commentDiary', { diaryId: read.id, again: true });
    expect(await notes(child)).toHaveLength(1);
  });

  test('the inbox shows a guardian the kind and the day of a note, for 30 days, and the export has it', async () => {
    const child = await guarded(await newChild());
    const { openid } = child;
    await commentOn(child, '我不想活了，谁也别告诉');
    const note = { kind: 'self-harm', date: TODAY };
    expect(await ok(family, openid, 'inbox', {}, child)).toEqual({ tasks: [], notes: [note] });
    expect((await ok(user, openid, 'export', {}, child)).guardianNotes).toEqual([note]);
    await select('UPDATE guardian_notes SET note_date = note_date - INTERVAL 31 DAY WHERE user_id = ?', [child.userId]);
    expect((await ok(family, openid, 'inbox', {}, child)).notes).toEqual([]);
  });

  test('on words of violence by others answers the sentence alone: a note might reach the one who does it', async () => {
    const child = await newChild();
    const before = outgoing(services);
    const { read } = await commentOn(child, '爸爸喝醉了又打我');
    expect(read.aiComment).toBe(harmSentences.abuse);
    expect([outgoing(services), await notes(child)]).toEqual([before, []]);
  });
});
