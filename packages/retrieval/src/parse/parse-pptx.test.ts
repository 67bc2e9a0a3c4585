import { describe, expect, it } from '@jest/globals'
import { strToU8, unzipSync, zipSync } from 'fflate'
import * as pptxgenjs from 'pptxgenjs'
import { chunkText } from '../chunk/chunk-text.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { parseFile } from './parse-file.ts'

describe('a presentation', () => {
  it('has a heading and a page for each slide, with its lists, tables and notes', async () => {
    const deck = newDeck()
    deck.defineSlideMaster({
      title: 'TITLED',
      objects: [{ placeholder: { options: { name: 'title', type: 'title', x: 1, y: 1, w: 8, h: 1 }, text: '' } }],
    })
    const first = deck.addSlide({ masterName: 'TITLED' })
    first.addText('Tides 😀', { placeholder: 'title' })
    first.addText([
      { text: 'moon', options: { bullet: true, breakLine: true } },
      { text: 'near', options: { bullet: true, indentLevel: 1 } },
    ])
    first.addNotes('Say why.')
    const second = deck.addSlide()
    second.addText('Only text.')
    second.addTable([
      [{ text: 'k' }, { text: 'v' }],
      [{ text: 'a|b' }, { text: '1' }],
    ])
    const { text, kind, pages = [] } = await parseFile({ filename: 'a.pptx', bytes: await write(deck) })
    expect(kind).toBe('pptx')
    expect(text).toBe(
      '# Tides 😀\n\n- moon\n  - near\n\nNotes: Say why.\n\n# Slide 2\n\nOnly text.\n\n| k | v |\n| --- | --- |\n| a\\|b | 1 |',
    )
    expect(pages.map((start) => sliceCodePoints(text, start, start + 7))).toEqual(['# Tides', '# Slide'])
    const chunks = [...chunkText({ text, kind, pages }, small)]
    expect(chunks.map(({ page }) => page)).toEqual(chunks.map(({ start }) => (start < (pages[1] ?? 0) ? 1 : 2)))
  })

  it('follows the order of the presentation, not of its files', async () => {
    const deck = newDeck()
    for (const text of ['one', 'two', 'three']) deck.addSlide().addText(text)
    const parts = unzipSync(await write(deck))
    const list = new TextDecoder().decode(parts['ppt/presentation.xml'])
    const ids = list.match(/<p:sldId [^>]*>/g) ?? []
    const turned = list.replace(ids.join(''), ids.toReversed().join(''))
    const bytes = zipSync({ ...parts, 'ppt/presentation.xml': strToU8(turned) })
    expect((await parseFile({ filename: 'a.pptx', bytes })).text.match(/one|two|three/g)).toEqual(['three', 'two', 'one'])
  })

  it('is refused when no slide has text', async () => {
    const deck = newDeck()
    deck.addSlide()
    await expect(parseFile({ filename: 'a.pptx', bytes: await write(deck) })).rejects.toMatchObject({ code: 'no_text' })
  })
})

const small = { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } as const

type Deck = InstanceType<typeof pptxgenjs.default.default>

/** The library's types take it for a CommonJS module, which it is not when imported. */
function newDeck(): Deck {
  const { default: Presentation }: { default: unknown } = pptxgenjs
  if (typeof Presentation !== 'function') throw new TypeError('the writer is not where it was')
  return Reflect.construct(Presentation, [])
}

async function write(deck: Deck): Promise<Uint8Array> {
  const written = await deck.write({ outputType: 'uint8array' })
  if (!(written instanceof Uint8Array)) throw new TypeError('the writer gave no bytes')
  return new Uint8Array(written)
}
