// @ts-check
const moods = [
  { key: 'happy', face: '😊', name: '开心' },
  { key: 'calm', face: '😌', name: '平静' },
  { key: 'excited', face: '🤩', name: '兴奋' },
  { key: 'grateful', face: '🥰', name: '感谢' },
  { key: 'tired', face: '😪', name: '累了' },
  { key: 'sad', face: '😢', name: '难过' },
  { key: 'angry', face: '😠', name: '生气' },
  { key: 'worried', face: '😟', name: '担心' },
  { key: 'surprised', face: '😮', name: '惊讶' },
  { key: 'confused', face: '😕', name: '困惑' },
];
const weathers = [
  { key: 'sunny', face: '☀️' },
  { key: 'cloudy', face: '⛅' },
  { key: 'rainy', face: '🌧️' },
  { key: 'snowy', face: '❄️' },
  { key: 'windy', face: '🍃' },
];

/** @param {string} mood */
const faceOf = (mood) => (moods.find(({ key }) => key === mood) || { face: '📖' }).face;

/** @param {string} mood */
const moodName = (mood) => (moods.find(({ key }) => key === mood) || { name: mood }).name;

/** 一个时刻在北京是几月几日几点。@param {string} instant */
const clockOf = (instant) => new Date(Date.parse(instant) + 8 * 3600000).toISOString().slice(5, 16).replace('T', ' ');

/** 北京时间的今天，YYYY-MM-DD */
const today = () => new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10);

/** @param {string} month YYYY-MM @param {number} by */
function shiftMonth(month, by) {
  const [year, index] = month.split('-').map(Number);
  return new Date(Date.UTC(year, index - 1 + by, 1)).toISOString().slice(0, 7);
}

/** @param {string} text 标签，用空格或逗号隔开 */
const tagsIn = (text) => text.split(/[\s,，、]+/).filter((tag, place, all) => tag && all.indexOf(tag) === place);

module.exports = { moods, weathers, faceOf, moodName, clockOf, today, shiftMonth, tagsIn };
