import { describe, expect, it } from '@jest/globals'
import { hashRequest } from './request-hash.ts'

const asked = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'Why?' }] }

describe('the hash of a request', () => {
  it('is the same however its answer is delivered, and whatever the order of its fields', () => {
    const delivered = {
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
      weft: { progress: false, approval: 'wait' as const },
    }
    expect(hashRequest(delivered)).toBe(hashRequest(asked))
    expect(hashRequest({ messages: asked.messages, model: asked.model })).toBe(hashRequest(asked))
  })

  it('is another for other words, another model or other options', () => {
    const others = [
      { ...asked, messages: [{ role: 'user' as const, content: 'How?' }] },
      { ...asked, model: 'weft/search' },
      { ...asked, temperature: 0 },
      { ...asked, weft: { vectorStoreIds: ['vs_1'] } },
    ]
    expect(new Set([asked, ...others].map(hashRequest)).size).toBe(5)
  })
})
