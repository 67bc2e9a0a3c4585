import { describe, expect, it } from '@jest/globals'
import { eventBytesMax } from '../upstream/upstream-bounds.ts'
import { createEventCutter } from './cut-events.ts'

const [first, second] = ['data: {"a":"ü€"}\n\n', 'data: {"b":"東京"}\n\n']

/** What comes of a stream that arrives in pieces of so many bytes. */
function cut(stream: string, pieceBytes: number): { texts: string[]; rest: string } {
  const cutter = createEventCutter('openai')
  const bytes = Buffer.from(stream)
  const texts: string[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const text = cutter.add(bytes.subarray(at, at + pieceBytes))
    if (text !== '') texts.push(text)
  }
  return { texts, rest: cutter.rest() }
}

describe('a stream of events', () => {
  it.each([1, 2, 3, 7, 1_000])(
    'comes as whole events when its bytes come %d at a time, in the middle of letters too',
    (bytes) => {
      const { texts, rest } = cut(`${first}${second}data: [DO`, bytes)
      expect(texts.join('')).toBe(first + second)
      for (const text of texts) expect(text.endsWith('\n\n')).toBe(true)
      expect(rest).toBe('data: [DO')
    },
  )

  it.each([1, 2, 5, 1_000])('may end its lines as some servers do, %d bytes at a time', (bytes) => {
    const { texts, rest } = cut((first + second).replaceAll('\n', '\r\n'), bytes)
    expect(texts.join('')).toBe(first + second)
    expect(rest).toBe('')
  })

  it('gives an event as soon as it is whole', () => {
    const cutter = createEventCutter('openai')
    expect(cutter.add(Buffer.from(`${first}data: {`))).toBe(first)
    expect(cutter.add(Buffer.from('}\n'))).toBe('')
    expect(cutter.add(Buffer.from('\n'))).toBe('data: {}\n\n')
  })

  it('is refused where an event does not end, and where it is no text', () => {
    const cutter = createEventCutter('openai')
    const half = Buffer.alloc(eventBytesMax / 2, 'x')
    expect([cutter.add(half), cutter.add(half)]).toEqual(['', ''])
    expect(() => cutter.add(Buffer.from('x'))).toThrow(`openai sent an event of more than ${eventBytesMax} bytes`)
    expect(() => createEventCutter('openai').add(Buffer.from([0xc3, 0x28, 0x0a, 0x0a]))).toThrow('not valid UTF-8')
  })
})
