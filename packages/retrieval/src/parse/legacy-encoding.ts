/**
 * Encodings older than UTF-8 that texts still use: the detector's name of each, and that of TextDecoder (WHATWG Encoding). Subsets are read as their supersets:
 * ISO-8859-1 as windows-1252, GB2312 and GBK as GB18030.
 */
const decoderNames = {
  'windows-1252': 'windows-1252',
  'windows-1250': 'windows-1250',
  'iso-8859-2': 'iso-8859-2',
  'windows-1251': 'windows-1251',
  'koi8-r': 'koi8-r',
  ibm866: 'ibm866',
  'windows-1253': 'windows-1253',
  'windows-1254': 'windows-1254',
  'windows-1255': 'windows-1255',
  'windows-1256': 'windows-1256',
  cp932: 'shift_jis',
  'euc-jp': 'euc-jp',
  gb18030: 'gb18030',
  big5: 'big5',
  cp949: 'euc-kr',
} as const

type Detected = keyof typeof decoderNames
export type LegacyEncoding = (typeof decoderNames)[Detected]

/** The encoding that most Western files are in. With few letters, others are hard to tell from it. */
const western: Detected = 'windows-1252'
/** The share of the best guess's confidence from which {@link western} is preferred: for "naïve" alone it reaches .8, for one word of Hungarian .4. */
const westernShareMin = 0.6

/** Where other encodings have signs (° § “ ”), IBM866 has letters, so a few of these are no evidence for it. Two words of Russian reach .14. */
const ibm866ConfidenceMin = 0.1

const decodedBytes = 1_048_576

/**
 * The encoding that bytes are most likely in, given that they have no NUL and are not UTF-8. Guesses go by the letters beyond ASCII, and the first one in which all
 * bytes are valid is taken. Undefined when there is none.
 */
export async function legacyEncodingOf(bytes: Uint8Array): Promise<LegacyEncoding | undefined> {
  const { detectAll } = await import('jschardet')
  const guesses = detectAll(telling(bytes), { detectEncodings: Object.keys(decoderNames), minimumThreshold: 0 })
    .map(({ encoding, confidence }) => ({ encoding: encoding?.toLowerCase() ?? '', confidence }))
    .filter((guess): guess is { encoding: Detected; confidence: number } => guess.encoding in decoderNames)
    .filter(({ encoding, confidence }) => encoding !== 'ibm866' || confidence >= ibm866ConfidenceMin)
  const best = guesses[0]?.confidence ?? 0
  const isWestern = guesses.some(({ encoding, confidence }) => encoding === western && confidence >= best * westernShareMin)
  const order = [...(isWestern ? [western] : []), ...guesses.map(({ encoding }) => encoding)]
  return order.map((encoding) => decoderNames[encoding]).find((encoding) => isTextIn(bytes, encoding))
}

/** Decodes bytes, a megabyte at a time. Throws TypeError for bytes that are not valid in the encoding. */
export function* decodeParts(bytes: Uint8Array, encoding: LegacyEncoding): Generator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  for (let at = 0; at < bytes.length; at += decodedBytes) {
    yield decoder.decode(bytes.subarray(at, at + decodedBytes), { stream: true })
  }
  yield decoder.decode()
}

/** Whether all bytes are valid in an encoding. Bytes that it does not define become C1 control characters (WHATWG Encoding, 5), which no text has. */
function isTextIn(bytes: Uint8Array, encoding: LegacyEncoding): boolean {
  try {
    for (const part of decodeParts(bytes, encoding)) if (/[\u0080-\u0084\u0086-\u009f]/.test(part)) return false
    return true
  } catch {
    return false
  }
}

/** How many bytes the detector is shown, for which it takes about 5 ms. */
const shownBytesMax = 16_384
const lineBytesMax = 2_048
const asciiBefore = 200

/** The part of a text that tells its encoding: the first lines with letters beyond ASCII, and of a long line only from shortly before those letters. */
function telling(bytes: Uint8Array): Uint8Array {
  const shown: Uint8Array[] = []
  let length = 0
  for (let at = 0; at < bytes.length && length < shownBytesMax; ) {
    const next = bytes.indexOf(0x0a, at)
    const lineEnd = next === -1 ? bytes.length : next + 1
    const line = bytes.subarray(at, lineEnd)
    const first = line.findIndex((byte) => byte >= 0x80)
    at = lineEnd
    if (first === -1) continue
    const from = Math.max(0, first - asciiBefore)
    const isAlone = shown.length === 0 && at === bytes.length
    const part = line.subarray(from, from + (isAlone ? shownBytesMax : lineBytesMax))
    shown.push(part)
    length += part.length
  }
  return Buffer.concat(shown)
}
