import { abuseWords, denials, harmlessPhrases, ownWish, selfHarmWords, storyWords } from './harm-words';

/** What a child's text points to: self-harm, or harm by others. */
export type HarmSign = 'self-harm' | 'abuse';

/** The text that the child gets in place of a comment. No AI has written or seen it. */
export const harmSentences: Record<HarmSign, string> = {
  'self-harm':
    '谢谢你愿意把这么难受的心情写下来，这一定很不容易。请现在就告诉一位你信任的大人，比如爸爸妈妈或老师；也可以拨打 12355 青少年服务热线，那里有人会认真听你说。你很重要。',
  abuse:
    '谢谢你把这件事写下来，这不是你的错，谁都不可以这样对你。请尽快告诉一位你信任的大人，比如老师或家里别的长辈；也可以拨打 12355 青少年服务热线，有危险时请打 110。',
};

const sentencesOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .replace(/[ \t\u200b-\u200f]/g, '')
    .split(/[。！？!?；;\n…]+/);

const withoutPhrases = (sentence: string): string => harmlessPhrases.reduce((rest, phrase) => rest.replace(phrase, '、'), sentence);

const isStory = (sentence: string): boolean => storyWords.test(sentence) && !ownWish.test(sentence);

/** The worst sign in a text: self-harm before harm by others; null without any. */
export function harmIn(text: string): HarmSign | null {
  const sentences = sentencesOf(text)
    .map(withoutPhrases)
    .filter((sentence) => !isStory(sentence));
  if (sentences.some((sentence) => selfHarmWords.some((pattern) => pattern.test(sentence)))) return 'self-harm';
  const isAbuse = (sentence: string) => abuseWords.some((pattern) => pattern.test(sentence)) && !denials.test(sentence);
  return sentences.some(isAbuse) ? 'abuse' : null;
}
