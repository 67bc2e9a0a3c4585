/**
 * A word as it is typed without marks that many leave out: Latin and Greek letters without accents, ё as е, Arabic without vowel signs, stretching and the
 * forms of alef, yeh and teh marbuta, Hebrew without points. Marks that make another letter, as in Hindi or й, stay.
 */
export function foldLetters(word: string): string {
  if (isAscii.test(word)) return word
  return word
    .normalize('NFD')
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}])\p{Mn}+/gu, '')
    .replace(/(?<=[еЕ])\u0308/g, '')
    .replace(vowelSigns, '')
    .normalize('NFC')
    .replace(lettersFolded, (letter) => plainLetters[letter] ?? letter)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the letters of ASCII are meant, whatever they are.
const isAscii = /^[\x00-\x7f]*$/

/** Of Arabic, with the stretching line; and of Hebrew. */
const vowelSigns = /[\u0640\u064b-\u065f\u0670\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]/g

const plainLetters: Record<string, string> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
  ٱ: 'ا',
  ى: 'ي',
  ة: 'ه',
}
const lettersFolded = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g')
