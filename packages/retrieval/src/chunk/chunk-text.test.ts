import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fileKinds } from '../parse/file-kind.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { type Chunk, chunkText } from './chunk-text.ts'

const strategies = [
  { type: 'auto' },
  { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 40 } },
  { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } },
] as const

const fragment = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r\n',
    '\n\n',
    ' ',
    '. ',
    '。',
    '# Title\n',
    '## 節\n',
    '- item\n',
    '1. one\n',
    '| a | b |\n',
    '```\n',
    '~~~~\n',
    '    ',
    '👩‍👩‍👧‍👦',
    '🇩🇪',
    '漢字かな',
    '한국어',
    'e.g. ',
    'function f() {\n',
    '}\n',
    '===\n',
    '\t',
    '\u00a0',
    'word ',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed()),
  fc.lorem({ maxCount: 60, mode: 'words' }),
  fc.string({ unit: 'grapheme', minLength: 300, maxLength: 900 }),
)
const text = fc.array(fragment, { minLength: 1, maxLength: 60 }).map((parts) => parts.join('').toWellFormed())
const kind = fc.constantFrom(...fileKinds)
const strategy = fc.constantFrom(...strategies)

describe('chunkText', () => {
  it('gives every chunk the exact code point offsets of its text', () => {
    fc.assert(
      fc.property(text, kind, strategy, (text, kind, strategy) => {
        for (const chunk of chunkText({ text, kind }, strategy)) {
          expect(sliceCodePoints(text, chunk.start, chunk.end)).toBe(chunk.text)
          expect(chunk.text).toBe(chunk.text.toWellFormed())
          expect(chunk.text).not.toBe('')
        }
      }),
    )
  })

  it('leaves no letter out, and goes forward', () => {
    fc.assert(
      fc.property(text, kind, strategy, (text, kind, strategy) => {
        const points = Array.from(text)
        let covered = 0
        let lastStart = -1
        for (const chunk of chunkText({ text, kind }, strategy)) {
          expect(chunk.start).toBeGreaterThan(lastStart)
          expect(isBlank(points.slice(covered, chunk.start))).toBe(true)
          lastStart = chunk.start
          covered = Math.max(covered, chunk.end)
        }
        expect(isBlank(points.slice(covered))).toBe(true)
      }),
    )
  })

  it('begins no two chunks at the same place, whatever white space the text begins with', () => {
    const unbroken = 'X'.repeat(1_198)
    const starts = chunk(`\n. ${unbroken}`, 'text').map((each) => each.start)
    expect(starts).toEqual([1, 3])
  })

  it('never exceeds the size asked for', () => {
    fc.assert(
      fc.property(text, kind, (text, kind) => {
        for (const chunk of chunkText({ text, kind }, strategies[1])) expect(chunk.text.length).toBeLessThanOrEqual(400)
      }),
    )
  })

  it('cuts the same text the same way every time', () => {
    const file = { text: 'One sentence. '.repeat(500), kind: 'text' } as const
    expect([...chunkText(file)]).toEqual([...chunkText(file)])
  })

  it('names the headings a chunk stands under', () => {
    const body = 'A sentence about the matter. '.repeat(25)
    const chunks = chunk(`# Guide\n\n${body}\n\n## Install\n\n${body}\n\nUsage\n-----\n\n${body}\n\n# Other\n${body}`, 'markdown')
    expect(chunks.map((each) => each.heading)).toEqual(['Guide', 'Guide > Install', 'Guide > Usage', 'Other'])
    expect(chunks[1]?.text.startsWith('## Install')).toBe(true)
  })

  it('keeps a table, a list and fenced code whole where they fit', () => {
    const whole = {
      table: Array.from({ length: 20 }, (_, row) => `| row ${row} | some value of this row |`).join('\n'),
      list: Array.from({ length: 20 }, (_, item) => `- item ${item}. It has two sentences.\n  And goes on.`).join('\n'),
      fence: `\`\`\`ts\n${Array.from({ length: 20 }, (_, line) => `call(${line})\n\n# not a heading`).join('\n')}\n\`\`\``,
    }
    const filler = 'Some sentence before it all. '.repeat(30)
    for (const block of Object.values(whole)) {
      const chunks = chunk(`${filler}\n\n${block}\n\n${filler}`, 'markdown')
      expect(chunks.filter((each) => each.text.includes(block))).toHaveLength(1)
    }
  })

  it('cuts code at its declarations and names them', () => {
    const body = '  const value = compute(1, 2, 3)\n'.repeat(30)
    const source = ['alpha', 'beta', 'gamma']
      .map((name) => `// what ${name} does\nexport async function ${name}() {\n${body}}\n`)
      .join('\n')
    const chunks = chunk(source, 'code')
    expect(chunks.map((each) => each.heading)).toEqual(['alpha', 'beta', 'gamma'])
    expect(chunks.every((each) => each.text.startsWith('// what'))).toBe(true)
  })

  it('ends prose chunks at sentences and repeats the last ones where it had to cut inside a paragraph', () => {
    const text = Array.from({ length: 200 }, (_, n) => `Dr. Smith saw number ${n}, e.g. in Fig. 3.`).join(' ')
    const chunks = chunk(text, 'text')
    for (const each of chunks) expect(each.text).toMatch(/^Dr\. Smith.*in Fig\. 3\.$/s)
    for (const [index, each] of chunks.entries()) if (index > 0) expect(each.start).toBeLessThan(chunks[index - 1]?.end ?? 0)
  })

  it('cuts a long text into smaller passages than a short one, but not code', () => {
    const sentence = 'Forty letters are what this sentence is. '
    const longest = (letters: number) => {
      const lengths = chunk(sentence.repeat(letters / sentence.length), 'text').map(({ text }) => text.length)
      return Math.max(...lengths)
    }
    expect([longest(9_000), longest(12_000)]).toEqual([expect.closeTo(1_200, -2), expect.closeTo(1_000, -2)])
    expect(longest(12_000)).toBeLessThanOrEqual(1_000)
    const body = '  const value = compute(1, 2, 3)\n'.repeat(29)
    const source = Array.from({ length: 20 }, (_, n) => `function f${n}() {\n${body}}\n`).join('\n')
    expect(chunk(source, 'code').map(({ heading }) => heading)).toEqual(Array.from({ length: 20 }, (_, n) => `f${n}`))
  })

  it('tells the page a chunk begins on', () => {
    const page = 'A sentence of the page. '.repeat(50)
    const chunks = [...chunkText({ text: page.repeat(3), kind: 'pdf', pages: [0, page.length, page.length * 2] })]
    expect(chunks.map((each) => each.page)).toEqual(chunks.map((each) => Math.floor(each.start / page.length) + 1))
    expect(chunks.at(-1)?.page).toBe(3)
  })

  it.each(['x', '.', '😀', '# a\n', '." ', '\n ', '```\n', '- a\n', 'a\n='])('takes 300 KB of %j in linear time', (unit) => {
    const text = unit.repeat(300_000 / unit.length)
    const usedBefore = process.cpuUsage()
    for (const kind of ['text', 'markdown', 'code', 'data', 'table'] as const) [...chunkText({ text, kind })]
    expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(5_000)
  })
})

function chunk(text: string, kind: 'markdown' | 'text' | 'code'): Chunk[] {
  return [...chunkText({ text, kind })]
}

/** Blank as JavaScript's `\s` has it, the widest notion of white space here. */
function isBlank(points: string[]): boolean {
  return /^\s*$/u.test(points.join(''))
}
