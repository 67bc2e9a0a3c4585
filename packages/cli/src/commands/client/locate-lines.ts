import type OpenAI from 'openai'

/** Where a piece of text stands: code point offsets in the stored text of a file. */
export type Located = { fileId: string; start: number; quote: string }

/** Files above this are not fetched just to count lines. */
const fileBytesMax = 8_388_608

/**
 * The line numbers of quotes, in their order. A number is only given where the quote stands at its offset in the file as it was
 * uploaded, so never for PDF or HTML, whose text was extracted.
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

/** The 1-based line on which the quote begins, or undefined when it does not stand there. */
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
    // A source that cannot be shown with its line is still shown with its name and quote.
    return undefined
  }
}
