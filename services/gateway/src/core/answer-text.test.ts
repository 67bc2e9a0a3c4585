import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createAnswerText, type TextPiece } from './answer-text.ts'

function pieces(text: string, sizes: number[], attempt = 1): TextPiece[] {
  const cut: TextPiece[] = []
  let offset = 0
  for (let index = 0; offset < text.length; index += 1) {
    const delta = text.slice(offset, offset + (sizes[index % sizes.length] ?? 1))
    cut.push({ attempt, offset, delta })
    offset += delta.length
  }
  return cut
}

function show(all: TextPiece[], assembled = createAnswerText()): string {
  return all
    .map((piece) => assembled.accept(piece))
    .map((progress) => (progress.kind === 'text' ? progress.delta : '<diverged>'))
    .join('')
}

describe('an answer arriving in pieces', () => {
  it('is shown in order however the pieces are mixed and repeated', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 16, maxLength: 16 }),
        (text, sizes, noise) => {
          const cut = pieces(text, sizes)
          const mixed = [...cut, ...cut.filter((_, index) => index % 3 === 0)]
            .map((piece, index) => ({ piece, key: ((noise[index % noise.length] ?? 0) * (index + 7)) % 10_007 }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ piece }) => piece)
          expect(show(mixed)).toBe(text)
        },
      ),
    )
  })

  it('holds back what comes after a gap, and shows it once the gap is filled', () => {
    const assembled = createAnswerText()
    expect(show([{ attempt: 1, offset: 4, delta: ' two' }], assembled)).toBe('')
    expect(show([{ attempt: 1, offset: 0, delta: 'one,' }], assembled)).toBe('one, two')
  })

  it('shows what a lost piece held when the whole text is known', () => {
    const assembled = createAnswerText()
    show(
      [
        { attempt: 1, offset: 0, delta: 'Paris ' },
        { attempt: 1, offset: 9, delta: 'capital' },
      ],
      assembled,
    )
    expect(assembled.finish('Paris is a capital')).toEqual({ kind: 'text', delta: 'is a capital' })
  })

  it('goes on where a lost attempt broke off when the next one writes the same', () => {
    const first: TextPiece = { attempt: 1, offset: 0, delta: 'The answer ' }
    const second = pieces('The answer is 42.', [3], 2)
    expect(show([first, ...second])).toBe('The answer is 42.')
  })

  it('says so when the next attempt writes something else than was shown', () => {
    const assembled = createAnswerText()
    show([{ attempt: 1, offset: 0, delta: 'The answer ' }], assembled)
    expect(assembled.accept({ attempt: 2, offset: 0, delta: 'An answer' })).toEqual({ kind: 'diverged' })
  })

  it('drops late pieces of an attempt that was given up', () => {
    const late: TextPiece = { attempt: 1, offset: 3, delta: 'xyz' }
    expect(show([{ attempt: 2, offset: 0, delta: 'new' }, late])).toBe('new')
  })

  it('says so when the whole text does not start with what was shown', () => {
    const assembled = createAnswerText()
    show([{ attempt: 1, offset: 0, delta: 'Yes' }], assembled)
    expect(assembled.finish('No')).toEqual({ kind: 'diverged' })
  })

  it('never shows half a character', () => {
    const smile = '😀'
    const assembled = createAnswerText()
    expect(show([{ attempt: 1, offset: 0, delta: `a${smile.slice(0, 1)}` }], assembled)).toBe('a')
    expect(show([{ attempt: 1, offset: 2, delta: smile.slice(1) }], assembled)).toBe(smile)
  })

  it('keeps a bounded amount of text that waits, and still ends right', () => {
    const assembled = createAnswerText()
    const chunk = 'x'.repeat(65_536)
    for (let offset = 1; offset < 40 * chunk.length; offset += chunk.length)
      assembled.accept({ attempt: 1, offset, delta: chunk })
    const whole = `y${chunk.repeat(40)}`
    const first = assembled.accept({ attempt: 1, offset: 0, delta: 'y' })
    expect(first.kind === 'text' && first.delta.length < 1_200_000).toBe(true)
    const rest = assembled.finish(whole)
    expect(assembled.shown()).toBe(whole)
    expect(rest.kind).toBe('text')
  })
})
