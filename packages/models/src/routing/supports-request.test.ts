import { describe, expect, it } from '@jest/globals'
import { needsOfChat, needsOfRequest } from './request-needs.ts'
import { supportsRequest } from './supports-request.ts'

const plain = { id: 'acme/plain', capabilities: ['chat'], contextTokens: 1_000, outputTokensMax: 100 }
const chat = (more: object = {}) => ({ model: 'acme/plain', messages: [{ role: 'user', content: 'Hello' }], ...more })
const withPart = (part: object) => chat({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, part] }] })
const schema = { type: 'json_schema', json_schema: { name: 'x', schema: {} } }

describe('what a request asks of a model', () => {
  it.each([
    ['tools', 'tools', chat({ tools: [{ type: 'function', function: { name: 'f' } }] })],
    ['json_schema', 'response_format', chat({ response_format: schema })],
    ['logprobs', 'logprobs', chat({ logprobs: true })],
    ['n', 'n', chat({ n: 2 })],
    ['seed', 'seed', chat({ seed: 0 })],
    ['sampling', 'temperature', chat({ temperature: 0 })],
    ['sampling', 'top_p', chat({ top_p: 0.5 })],
    ['penalties', 'frequency_penalty', chat({ frequency_penalty: 0.1 })],
    ['penalties', 'logit_bias', chat({ logit_bias: { 50256: -100 } })],
    ['vision', 'messages.0.content', withPart({ type: 'image_url', image_url: { url: 'data:image/png;base64,' } })],
    ['audio', 'messages.0.content', withPart({ type: 'input_audio', input_audio: {} })],
    ['files', 'messages.0.content', withPart({ type: 'file', file: {} })],
    ['context', 'messages', chat({ messages: [{ role: 'user', content: 'x'.repeat(5_000) }] })],
    ['context', 'max_completion_tokens', chat({ max_tokens: 101 })],
  ])('is refused for want of %s, naming %s', (missing, param, body) => {
    const needs = needsOfChat(body)
    expect(supportsRequest(plain, needs)).toMatchObject({
      isSupported: false,
      missing,
      param,
      why: expect.stringContaining(plain.id),
    })
    if (missing !== 'context')
      expect(supportsRequest({ ...plain, capabilities: ['chat', missing] }, needs)).toEqual({ isSupported: true })
  })

  it('is refused for stop sequences where the wire has no field for them, and nowhere else', () => {
    const asked = [needsOfChat(chat({ stop: 'END' })), needsOfRequest({ model: plain.id, messages: [], stop: ['END'] })]
    for (const needs of asked) {
      expect(supportsRequest({ ...plain, lacksStopSequences: true }, needs)).toMatchObject({ missing: 'stop', param: 'stop' })
      expect(supportsRequest(plain, needs)).toEqual({ isSupported: true })
    }
    expect(supportsRequest({ ...plain, lacksStopSequences: true }, needsOfChat(chat({ stop: [] })))).toEqual({
      isSupported: true,
    })
  })

  it('is nothing special when options say what every model does anyway', () => {
    const usual = {
      n: 1,
      temperature: 1,
      top_p: 1,
      tools: [],
      logprobs: false,
      response_format: { type: 'text' },
      logit_bias: {},
    }
    expect(supportsRequest(plain, needsOfChat(chat(usual)))).toEqual({ isSupported: true })
  })

  it('takes a model nobody described for one that does plain text of moderate length', () => {
    const unknown = { id: 'acme/unknown' }
    expect(supportsRequest(unknown, needsOfChat(chat()))).toEqual({ isSupported: true })
    expect(supportsRequest(unknown, needsOfChat(chat({ seed: 1 })))).toMatchObject({ missing: 'seed' })
    const long = chat({ messages: [{ role: 'user', content: 'x'.repeat(40_000) }] })
    expect(supportsRequest(unknown, needsOfChat(long))).toMatchObject({ missing: 'context' })
  })

  it('is the same for a call the mesh makes itself', () => {
    const request = { model: 'acme/plain', messages: [{ role: 'user' as const, content: 'Hello' }] }
    expect(supportsRequest(plain, needsOfRequest(request))).toEqual({ isSupported: true })
    expect(supportsRequest(plain, needsOfRequest({ ...request, responseFormat: schema as never }))).toMatchObject({
      missing: 'json_schema',
    })
    expect(supportsRequest(plain, needsOfRequest({ ...request, maxOutputTokens: 500 }))).toMatchObject({ missing: 'context' })
  })
})
