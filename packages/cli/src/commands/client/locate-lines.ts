import type OpenAI from 'openai'

/** The place of a piece of text: code point offsets in the stored text of a file. */
export type Located = { fileId: string; start: number; quote: string }

/** Larger files are not fetched only to count lines. */
const fileBytesMax = 8_388_608

/**
 * The line numbers of quotes, in their order. A quote only has one when it is at its offset in the file as it was uploaded, which is never the case for PDF or HTML,
 * whose text was extracted.
 */
export async function locateLines(client: OpenAI, quotes: Located[]): Promise<(number | undefined)[]> {
  const texts = new Map<string, string | undefined>()
  for (const { fileId } of quotes) {
    if (!texts.has(fileId)) texts.set(fileId, await fetchText(client, fileId))
  }
  return quotes.map((quote) => {
    const text = texts.get(quote.fileId)
    return text === undefined ? undefined : lineOf(text, quote)
  })
}

/** The line, counted from 1, on which a quote begins; undefined when the quote is not there. */
export function lineOf(text: string, { start, quote }: Pick<Located, 'start' | 'quote'>): number | undefined {
  let index = 0
  let line = 1
  for (let codePoint = 0; codePoint < start; codePoint += 1) {
    const code = text.codePointAt(index)
    if (code === undefined) return undefined
    if (code === 0x0a) line += 1
    index += code > 0xffff ? 2 : 1
  }
  return text.startsWith(quote, index) ? line : undefined
}

async function fetchText(client: OpenAI, fileId: string): Promise<string | undefined> {
  try {
    const file = await client.files.retrieve(fileId)
    if (file.bytes > fileBytesMax) return undefined
    const bytes = await (await client.files.content(fileId)).arrayBuffer()
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Without its line, a source is still shown with its name and quote.
    return undefined
  }
}
