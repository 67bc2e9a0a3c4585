import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Block } from '../chunk/block.ts'
import { chunkText } from '../chunk/chunk-text.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { blocksOfItems } from './code-blocks.ts'

const source = fc
  .array(fc.constantFrom('\n', '\n\n', '  ', 'f() {', '}', '# c', 'end', ';', '漢字 😀', 'word '.repeat(150)), { maxLength: 60 })
  .map((parts) => parts.join(''))
const ranges = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 })

describe('blocksOfItems', () => {
  it('covers the text without gaps, whatever was found in it', () => {
    fc.assert(
      fc.property(source, ranges, ranges, (text, items, above) => {
        const within = (found: [number, number][]) => found.map(([from, length]) => rangeIn(text, from, length))
        const blocks = blocksOfItems(text, { items: within(items), above: within(above) })
        expectWhole(blocks, 0, text.length)
        for (const chunk of chunkText({ text, kind: 'code', blocks })) {
          expect(sliceCodePoints(text, chunk.start, chunk.end)).toBe(chunk.text)
        }
      }),
    )
  })

  it('goes on behind a declaration that ends within the blanks of its line', () => {
    const blocks = blocksOfItems('  f() {', { items: [{ start: 0, end: 0, name: 'x' }], above: [] })
    expect(blocks.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 7],
    ])
  })

  it('does not cut a character of two UTF-16 units in half, even where a declaration ends within it', () => {
    const blocks = blocksOfItems('f 😀g', { items: [{ start: 0, end: 3, name: 'f' }], above: [] })
    expect(blocks.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 5],
    ])
  })

  it('gives brackets and ends that close a body to the last declaration in it', () => {
    const text = 'class A\n  def f\n  end\n\nend\nclass B\nend\n'
    const item = (part: string, name: string) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length, name })
    const items = [item('class A\n  def f\n  end\n\nend', 'A'), item('def f\n  end', 'f'), item('class B\nend', 'B')]
    const [first, second] = blocksOfItems(text, { items, above: [] })
    expect(first?.members?.map(({ start, end }) => text.slice(start, end))).toEqual(['class A\n', '  def f\n  end\n\nend\n'])
    expect(second?.path).toBe('B')
  })
})

function rangeIn(text: string, from: number, length: number) {
  const start = from % (text.length + 1)
  return { start, end: Math.min(text.length, start + (length % 200)), name: 'x' }
}

function expectWhole(blocks: Block[], start: number, end: number): void {
  let at = start
  for (const block of blocks) {
    expect(block.start).toBe(at)
    expect(block.end).toBeGreaterThanOrEqual(at)
    if (block.members !== undefined) expectWhole(block.members, block.start, block.end)
    at = block.end
  }
  expect(at).toBe(blocks.length === 0 && start !== end ? start : end)
}
