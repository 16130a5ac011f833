import { tally } from './figures';

/** Words that say nothing about what a diary is about. */
const STOP_WORDS = new Set(
  `我们 你们 他们 她们 它们 自己 今天 昨天 明天 这个 那个 这些 那些 什么 怎么 因为 所以 但是 可是 不过 如果 然后 还有 还是 而且 就是 没有 不是
   可以 已经 非常 特别 觉得 一个 一些 一下 一起 一样 一直 时候 现在 以后 之后 之前 后来 这里 那里 大家 很多 有点 真的 知道 看到 起来 出来 回来
   这样 那样 只是 只有 最后 于是 其实 开始 比较 不能 不要 会儿 于 the and was for with that this`.split(/\s+/),
);

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** Whole words of two characters and more, lower case, without stop words. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const word = segment.toLowerCase();
    if (isWordLike && word.length > 1 && !/^[\d\p{P}]+$/u.test(word) && !STOP_WORDS.has(word)) words.push(word);
  }
  return words;
}

/** The words that occur most, those of the child's own name left out. */
export function keywordsOf(texts: readonly string[], nickname: string, limit: number): { text: string; count: number }[] {
  const name = nickname.trim().toLowerCase();
  const isName = (word: string): boolean => name.length > 0 && (name.includes(word) || word.includes(name));
  return tally(texts.flatMap(wordsOf).filter((word) => !isName(word)))
    .slice(0, limit)
    .map(([text, count]) => ({ text, count }));
}
