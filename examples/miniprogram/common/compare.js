// @ts-check
/**
 * 两份文字哪里不同：开头和结尾相同的部分，与中间各自的文字。
 * @param {string} before @param {string} now
 */
function compare(before, now) {
  // 按字符分，表情不会被切成两半
  const [old, current] = [Array.from(before), Array.from(now)];
  const shorter = Math.min(old.length, current.length);
  let start = 0;
  while (start < shorter && old[start] === current[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old[old.length - 1 - end] === current[current.length - 1 - end]) end += 1;
  const middle = (/** @type {string[]} */ text) => text.slice(start, text.length - end).join('');
  return { head: old.slice(0, start).join(''), removed: middle(old), added: middle(current), tail: old.slice(old.length - end).join('') };
}

module.exports = { compare };
