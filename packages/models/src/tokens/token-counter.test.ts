import { afterEach, describe, expect, it } from '@jest/globals'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { sampleText } from './sample-text.ts'
import { createTokenCounter, type TokenCounter, type TokenCounterOptions } from './token-counter.ts'

const counters: TokenCounter[] = []
afterEach(() => Promise.all(counters.splice(0).map((counter) => counter.stop())))

function open(options?: TokenCounterOptions): TokenCounter {
  const counter = createTokenCounter({ patienceMs: 60_000, ...options })
  counters.push(counter)
  return counter
}

const sentence = 'Während der Kommit läuft, wartet nobody: price = tokens × rate / 1e6; 東京 too.\n'
const asText = { disallowedSpecial: new Set<string>() }

describe('the token counter', () => {
  it('counts what the tokenizer counts, several texts at once, marks of a conversation as text', async () => {
    const texts = ['Hello there.', sentence, '', '<|endoftext|>', 'a text of many words '.repeat(200)]
    const exact = texts.map((text) => countTokens(text, asText))
    expect(await open().count(texts)).toEqual(exact)
  })

  it('counts a long text by samples of it, close to its count', async () => {
    const text = sentence.repeat(4_000)
    const [tokens = 0] = (await open().count([text])) ?? []
    expect(Math.abs(tokens / (countTokens(sentence) * 4_000) - 1)).toBeLessThan(0.03)
  })

  it('is not kept busy by what no tokenizer likes: one endless word', () => {
    for (const run of ['a', ' ', '漢', '\n', '.']) {
      const { pieces, scale } = sampleText(run.repeat(10_000_000))
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(512)
      const chars = pieces.reduce((sum, { length }) => sum + length, 0)
      expect([chars, Math.round(chars * scale)]).toEqual([32_768, 10_000_000])
    }
  })

  it('says so when it cannot count: too many wait, it takes too long, or it was stopped', async () => {
    const counter = open({ waitingMax: 1, patienceMs: 1 })
    const [late, tooMany] = await Promise.all([counter.count(['x']), counter.count(['y'])])
    expect([late, tooMany]).toEqual([undefined, undefined])
    const stopped = open()
    await stopped.stop()
    expect(await stopped.count(['x'])).toBeUndefined()
  })

  it('answers everything when it is stopped', async () => {
    const counter = open()
    const waiting = counter.count(['Hello there.'])
    await counter.stop()
    expect([undefined, [3]]).toContainEqual(await waiting)
  })

  it('counts again after its thread has ended for want of work', async () => {
    const counter = open({ idleMs: 1 })
    expect(await counter.count(['Hello there.'])).toEqual([3])
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await counter.count(['Hello there.'])).toEqual([3])
  })
})
