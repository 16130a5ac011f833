import { normaliseLine } from '../../shared/sync/content-hash';
import { invalid } from '../platform/error';
import { isDay, isText } from '../platform/text';
import type { Diary, DiaryText } from '../types';

const MAX_CONTENT = 10_000;
const TEMPORARY = /^(wxfile:\/\/|data:|https?:\/\/(tmp|usr|store)\/)/i;

export const textOf = ({ date, content, mood, weather, images, tags, isDraft }: Diary): DiaryText => ({
  date,
  content,
  mood,
  weather,
  images,
  tags,
  isDraft,
});

/** Lines as the server stores them: trimmed, NFC. */
export const normalised = (text: DiaryText): DiaryText => ({
  ...text,
  mood: normaliseLine(text.mood),
  weather: normaliseLine(text.weather),
  tags: [...new Set(text.tags.map(normaliseLine))],
});

/** Refuses what the server would refuse in any case, while the editor is still open. */
export function requireWritable({ date, content, images, isDraft, tags, mood, weather }: DiaryText): void {
  if (!isDay(date)) throw invalid('date', '日期应为 YYYY-MM-DD');
  if (!isText(content)) throw invalid('content', '内容应为文本');
  if (content.length > MAX_CONTENT && [...content].length > MAX_CONTENT) throw invalid('content', `最多 ${MAX_CONTENT} 个字`);
  if (!isDraft && content.trim() === '') throw invalid('content', '写点内容再发布吧');
  if (!isText(mood)) throw invalid('mood', '类型不正确');
  if (!isText(weather)) throw invalid('weather', '类型不正确');
  if (!Array.isArray(tags) || !tags.every(isText)) throw invalid('tags', '应为列表');
  if (!Array.isArray(images)) throw invalid('images', '应为列表');
  images.forEach((url, index) => {
    if (TEMPORARY.test(url)) throw invalid(`images.${index}`, '这是临时文件，请先上传图片');
  });
}
