/**
 * The letters that the pinyin of a Chinese character may begin with.
 *
 * No table of characters is needed: the collation of Chinese by pinyin, which browsers have, tells
 * between which two letters a character stands.
 */

/** The first character of each letter in the order of pinyin; none begins with i, u or v. */
const FIRST = [...'阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀'];
const LETTERS = 'abcdefghjklmnopqrstwxyz';

/** Readings with another first letter than the one that the collation goes by. */
const MORE: Readonly<Record<string, string>> = {
  ...{ 长: 'cz', 重: 'cz', 调: 'dt', 行: 'hx', 乐: 'ly', 弹: 'dt', 传: 'cz', 藏: 'cz', 降: 'jx' },
  ...{ 卡: 'kq', 系: 'jx', 校: 'jx', 朝: 'cz', 盛: 'cs', 参: 'cs', 单: 'dcs', 曾: 'cz', 会: 'hk' },
  ...{ 率: 'ls', 识: 'sz', 提: 'td', 车: 'cj', 折: 'zs', 给: 'gj', 解: 'jx', 咖: 'kg', 区: 'qo' },
  ...{ 圈: 'qj', 省: 'sx', 石: 'sd', 属: 'sz', 尾: 'wy', 纤: 'xq', 曝: 'bp', 秘: 'mb', 奇: 'qj' },
  ...{ 强: 'qj', 粘: 'zn', 什: 'sz', 种: 'zc', 厦: 'xs', 覃: 'tq', 泌: 'mb', 伽: 'gjq', 核: 'hg' },
};

const HAN = /\p{Script=Han}/u;
let compare: ((a: string, b: string) => number) | null | undefined;
const known = new Map<string, string>();

/** All letters that the pinyin of a character may begin with, the likeliest first; '' for others. */
export function initialsOf(character: string): string {
  let found = known.get(character);
  if (found === undefined) {
    found = HAN.test(character) ? letters(character) : '';
    known.set(character, found);
  }
  return found;
}

function letters(character: string): string {
  // Where the collation is missing nothing can be said, and the rest of the search works.
  compare ??= collation();
  if (compare === null) return '';
  let low = 0;
  let high = FIRST.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (compare(character, FIRST[middle]!) >= 0) low = middle;
    else high = middle;
  }
  const letter = LETTERS[low]!;
  return letter + (MORE[character] ?? '').replace(letter, '');
}

function collation(): ((a: string, b: string) => number) | null {
  const order = new Intl.Collator('zh-u-co-pinyin').compare;
  const sorted = FIRST.every((first, index) => index === 0 || order(FIRST[index - 1]!, first) < 0);
  return sorted ? order : null;
}
