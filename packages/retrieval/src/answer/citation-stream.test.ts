import { describe, expect, it } from '@jest/globals'
import type { Passage } from '@weft/contracts'
import fc from 'fast-check'
import { sliceCodePoints } from '../text/code-points.ts'
import { createCitationStream, type Quote } from './citation-stream.ts'

const files: Record<string, string> = {
  file_a: '😀 Preface. The heart of a blue whale weighs about 180 kg. It beats eight times a minute.\n\nWhales are mammals.',
  file_b: '# Rivers\n\n- The Rhine rises in the Alps.\n- The Danube flows into the Black Sea.',
}
const passages: Passage[] = Object.entries(files).map(([fileId, text], index) =>
  passage(fileId, { start: index === 0 ? 2 : 0, end: Array.from(text).length }),
)

describe('createCitationStream', () => {
  it('cites the very words that support the sentence, at their place in the file', async () => {
    const { text, citations } = await run(['The heart of a blue whale weighs 180 kg [1]. The Danube ends in the Black Sea [2].'])
    expect(text).toBe('The heart of a blue whale weighs 180 kg [1]. The Danube ends in the Black Sea [2].')
    expect(citations.map(({ quote }) => quote)).toEqual([
      'The heart of a blue whale weighs about 180 kg.',
      'The Danube flows into the Black Sea.',
    ])
    for (const { fileId, start, end, quote } of citations) expect(sliceCodePoints(files[fileId] ?? '', start, end)).toBe(quote)
  })

  it('leaves numbers in brackets that the passages have in their code, and cites behind them', async () => {
    const text = 'If the capacity is zero, the pointer is &slice[:1][0]. Write a := [3]int{} or list[0] for it, as in (see [9]).'
    const go = { ...passages[0], text, start: 0, end: text.length } as Passage
    const said =
      'If the capacity is zero, the pointer is &slice[:1][0]. [1] Write a := [3]int{} or list[0] for it [1]. It is zero[0].'
    const stream = createCitationStream({ passages: [go, go, go], verify: async (quotes) => quotes })
    let out = ''
    for (const letter of said) out += await stream.push(letter)
    out += await stream.end()
    expect(out).toBe(
      'If the capacity is zero, the pointer is &slice[:1][0]. [1] Write a := [3]int{} or list[0] for it [2]. It is zero.',
    )
    expect(stream.unsupported).toBe(1)
  })

  it('numbers citations in the order of their first use and gives the same quote the same number', async () => {
    const { text, citations } = await run([
      'The Danube flows to the Black Sea [2]. A whale heart weighs 180 kg [1]. Again, the Danube meets the Black Sea [2].',
    ])
    expect(text).toBe(
      'The Danube flows to the Black Sea [1]. A whale heart weighs 180 kg [2]. Again, the Danube meets the Black Sea [1].',
    )
    expect(citations.map(({ index, fileId }) => [index, fileId])).toEqual([
      [1, 'file_b'],
      [2, 'file_a'],
    ])
  })

  it.each([
    ['a passage that says something else', 'The Rhine is 1,230 km long [1].', 'The Rhine is 1,230 km long.', 1],
    [
      'a number the passage does not have',
      'The heart of a blue whale weighs 900 kg [1].',
      'The heart of a blue whale weighs 900 kg.',
      1,
    ],
    ['a passage that was never given', 'Whales are mammals [7]. So it is.', 'Whales are mammals. So it is.', 1],
    ['number zero', 'Whales are mammals [0].', 'Whales are mammals.', 1],
    ['one of two', 'Whales are mammals [1, 2].', 'Whales are mammals [1].', 1],
    ['both', 'Nothing of the kind was ever said [1][2].', 'Nothing of the kind was ever said.', 2],
  ])('leaves out a marker for %s and reports it', async (_, ...[said, shown, count]) => {
    const { text, unsupported } = await run([said])
    expect(text).toBe(shown)
    expect(unsupported).toBe(count)
  })

  it('takes markers side by side, in a list, behind the full stop', async () => {
    const both = [passages[0], passages[0]].filter((each) => each !== undefined)
    for (const marks of ['[1][2]', '[1, 2]', '[1],[2]', '[1; 2]', '[ 1 ] [2]']) {
      const { text, unsupported } = await run([`Whales are mammals ${marks}.`], both)
      expect(text.replaceAll(/[\s,]/g, '')).toMatch(/^Whalesaremammals(\[1\])+\.$/)
      expect(unsupported).toBe(0)
    }
    const { text, citations } = await run(['Whales are mammals. [1] The Rhine rises in the Alps. [2]'])
    expect(text).toBe('Whales are mammals. [1] The Rhine rises in the Alps. [2]')
    expect(citations.map(({ quote }) => quote)).toEqual(['Whales are mammals.', 'The Rhine rises in the Alps.'])
  })

  it('checks each part of a sentence with its own marker', async () => {
    const { citations } = await run(['Whales are mammals [1] while the Rhine rises in the Alps [2].'])
    expect(citations.map(({ quote }) => quote)).toEqual(['Whales are mammals.', 'The Rhine rises in the Alps.'])
  })

  it('lets the question speak for an answer of one word', async () => {
    const { text } = await run(['Yes [1].'], passages, 'Are whales mammals?')
    expect(text).toBe('Yes [1].')
  })

  it('leaves brackets alone that are no markers', async () => {
    const said =
      'See `a[1]` and [link](x), [x], [], [12345], [ ], ``b`[2]``:\n\n```js\na[1] = b[2]\n```\n~~~\n[1]\n~~~\nDone [^1].'
    const { text, unsupported } = await run([said])
    expect(text).toBe(said)
    expect(unsupported).toBe(0)
  })

  it('cites again after code ended, and after a backtick that never closed', async () => {
    const { text } = await run(['```\nx[1]\n```\nWhales are mammals [1].\nA lone ` here\nThe Rhine rises in the Alps [2].'])
    expect(text).toContain('mammals [1].')
    expect(text).toContain('Alps [2].')
  })

  it('gives the same answer however the text is cut into deltas', async () => {
    const said =
      'The heart of a blue whale weighs 180 kg [1]. `a[1]` Nothing [9]. Whales are mammals [1, 2] — 😀 [x] the Rhine rises in the Alps [2].'
    const whole = await run([said])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 })), async (sizes) => {
        const letters = Array.from(said)
        const deltas: string[] = []
        for (let at = 0, turn = 0; at < letters.length; turn++) {
          const size = sizes[turn % Math.max(1, sizes.length)] ?? 1
          deltas.push(letters.slice(at, at + size).join(''))
          at += size
        }
        expect(await run(deltas)).toEqual(whole)
      }),
    )
  })

  it('holds back nothing but a possible marker', async () => {
    const stream = createCitationStream({ passages, verify: asTheyAre })
    expect(await stream.push('Whales are mammals')).toBe('Whales are mammals')
    expect(await stream.push(' [')).toBe('')
    expect(await stream.push('1')).toBe('')
    expect(await stream.push('], really')).toBe(' [1], really')
    expect(await stream.push(' [y')).toBe(' [y')
    expect(await stream.push(' [1')).toBe('')
    expect(await stream.end()).toBe(' ')
  })

  it('leaves out what does not verify', async () => {
    const stream = createCitationStream({ passages, verify: async (quotes) => quotes.map(() => undefined) })
    expect((await stream.push('Whales are mammals [1].')) + (await stream.end())).toBe('Whales are mammals.')
    expect([stream.citations, stream.unsupported]).toEqual([[], 1])
  })

  it('quotes verbatim whatever is said', async () => {
    const words = Object.values(files).join(' ').split(/\s+/)
    const said = fc.array(
      fc.oneof(fc.constantFrom(...words, '[1]', '[2]', '[1][2]', '[3]', '.', '\n\n', '`', '```'), fc.string({ maxLength: 3 })),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(said, async (parts) => {
        const { citations } = await run([parts.join(' ')])
        for (const { fileId, start, end, quote } of citations)
          expect(sliceCodePoints(files[fileId] ?? '', start, end)).toBe(quote)
        expect(citations.map(({ index }) => index)).toEqual(citations.map((_, index) => index + 1))
      }),
    )
  })
})

async function run(deltas: string[], given = passages, question = '') {
  const stream = createCitationStream({ passages: given, verify: asTheyAre, question })
  let text = ''
  for (const delta of deltas) text += await stream.push(delta)
  text += await stream.end()
  return { text, citations: stream.citations, unsupported: stream.unsupported }
}

async function asTheyAre(quotes: Quote[]): Promise<Quote[]> {
  return quotes
}

function passage(fileId: string, { start, end }: { start: number; end: number }): Passage {
  const text = sliceCodePoints(files[fileId] ?? '', start, end)
  return { chunkId: `chunk_${fileId}`, vectorStoreId: 'vs_1', fileId, filename: `${fileId}.md`, text, start, end, score: 1 }
}
