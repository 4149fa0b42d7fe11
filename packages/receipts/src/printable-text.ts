/**
 * Code points that text for people must not hold: controls, and the invisible ones that reorder, join or hide what is shown. Listed rather than
 * taken from the Unicode categories, which change with every version: a document has to be valid everywhere or nowhere.
 */
const refused: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x001f],
  [0x007f, 0x009f],
  [0x00ad, 0x00ad],
  [0x061c, 0x061c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];

/** True for well-formed text without such code points. */
export function isPrintable(text: string): boolean {
  if (!text.isWellFormed()) return false;
  for (const character of text) {
    const codePoint = character.codePointAt(0) as number;
    if (refused.some(([first, last]) => first <= codePoint && codePoint <= last)) return false;
  }
  return true;
}
