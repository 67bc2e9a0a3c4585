import { describe, expect, it } from '@jest/globals'
import { agentLimits } from '@weft/contracts'
import type { SessionInput } from '../core/session-input.ts'
import { followAttempt } from './follow-attempt.ts'

const ref = { turn: 1, stepId: 'a', epoch: 1, attempt: 1 }
const result = JSON.stringify({ type: 'result', output: { text: 'ok' }, citations: [], confidence: 1 })

async function follow(chunks: (string | Error)[]) {
  const texts: [string, number][] = []
  const inputs: SessionInput[] = []
  const sink = {
    text: (delta: string, offset: number) => void texts.push([delta, offset]),
    apply: async (input: SessionInput) => void inputs.push(input),
  }
  async function* body() {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk
      yield new TextEncoder().encode(chunk)
    }
  }
  return { end: await followAttempt({ agent: 'rag', ref, sink }, body()), texts, inputs }
}

describe('an agent’s answer', () => {
  it('is followed however its lines are cut, with text at its offsets', async () => {
    const lines = `{"type":"text","delta":"Grüße "}\n{"type":"text","delta":"an alle"}\n{"type":"progress","message":"half"}\n${result}\n`
    const { end, texts, inputs } = await follow([lines.slice(0, 31), lines.slice(31, 60), lines.slice(60)])
    expect(end.outcome).toMatchObject({ kind: 'succeeded', output: { text: 'ok' } })
    expect(texts).toEqual([
      ['Grüße ', 0],
      ['an alle', 6],
    ])
    expect(inputs).toEqual([{ type: 'progress', ...ref, message: 'half', fraction: undefined }])
  })

  it('is never cut inside a character', async () => {
    const { texts } = await follow([`{"type":"text","delta":"a\\ud83d"}\n{"type":"text","delta":"\\udca1b"}\n${result}\n`])
    expect(texts).toEqual([
      ['a', 0],
      ['💡b', 1],
    ])
  })

  it.each([
    ['result', { output: {}, citations: [], confidence: 1 }],
    ['needs_approval', { reason: 'money leaves', action: 'pay', args: {} }],
    ['error', { code: 'busy', message: 'later', isRetryable: true }],
  ])('that ends with a %s may say which version came to it', async (type, end) => {
    const { end: told } = await follow([`${JSON.stringify({ type, ...end, agentVersion: '7' })}\n`])
    expect(told.agentVersion).toBe('7')
  })

  it('counts from its result on, whatever follows or breaks', async () => {
    const { end, texts } = await follow([`${result}\n{"type":"text","delta":"late"}\nnonsense\n`, new Error('connection lost')])
    expect(end.outcome.kind).toBe('succeeded')
    expect(texts).toEqual([])
  })

  it('that goes on after its result holds its connection for a second only', async () => {
    const closed = Promise.withResolvers<void>()
    async function* endless() {
      yield new TextEncoder().encode(`${result}\n`)
      await closed.promise
    }
    const body = Object.assign(endless(), { destroy: () => closed.resolve() })
    const sink = { text: () => undefined, apply: async () => undefined }
    expect((await followAttempt({ agent: 'rag', ref, sink }, body)).outcome.kind).toBe('succeeded')
    await closed.promise
  })

  it('without a result is a lost attempt, to be tried again', async () => {
    await expect(follow(['{"type":"text","delta":"x"}\n'])).rejects.toMatchObject({ code: 'upstream_error', isRetryable: true })
  })

  it.each([
    ['holds what is no event', 'nonsense\n', undefined],
    ['tells what its session does not take', '{"type":"progress","message":"half"}\n', new Error('the session is busy')],
  ])('that %s is not listened to any longer: its connection is let go', async (_what, line, refusal) => {
    const closed = Promise.withResolvers<string>()
    const endless: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: new TextEncoder().encode(line) }),
        async return() {
          closed.resolve('closed')
          return { done: true, value: undefined }
        },
      }),
    }
    const sink = { text() {}, apply: async () => (refusal === undefined ? undefined : Promise.reject(refusal)) }
    await expect(followAttempt({ agent: 'rag', ref, sink }, endless)).rejects.toThrow()
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'still open'))
    expect(await Promise.race([closed.promise, late])).toBe('closed')
  })

  it('that never ends, each line small and sound, is cut at the limit of a stream, and its connection let go', async () => {
    const line = new TextEncoder().encode(`{"type":"text","delta":"${'x'.repeat(65_000)}"}\n`)
    let bytes = 0
    let isOpen = true
    async function* endless() {
      try {
        for (; bytes < 2 * agentLimits.streamBytesMax; bytes += line.length) yield line
      } finally {
        isOpen = false
      }
    }
    const sink = { text: () => undefined, apply: async () => undefined }
    await expect(followAttempt({ agent: 'rag', ref, sink }, endless())).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'the answer of rag broke off: the stream is larger than 33554432 bytes',
    })
    expect(bytes).toBeLessThanOrEqual(agentLimits.streamBytesMax)
    expect(isOpen).toBe(false)
  })

  it.each([
    ['not JSON', 'nonsense\n'],
    ['an unknown event', '{"type":"dance"}\n'],
    ['a question that does not say what for', '{"type":"needs_approval","args":{"amount":5}}\n'],
    [
      'a checkpoint larger than a session keeps',
      `{"type":"checkpoint","state":"${'x'.repeat(agentLimits.checkpointBytesMax)}"}\n`,
    ],
    [
      'a checkpoint of few letters that are larger than a session keeps',
      `{"type":"checkpoint","state":"${'漢'.repeat(agentLimits.checkpointBytesMax / 2)}"}\n`,
    ],
    [
      'a result that nests without end',
      `{"type":"result","confidence":1,"output":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`,
    ],
    ['a line that never ends', `{"type":"text","delta":"${'x'.repeat(5_000_000)}`],
    ['larger than a stream may be, in one go', `${' '.repeat(agentLimits.streamBytesMax)}\n`],
  ])('is refused when it is %s', async (_what, line) => {
    await expect(follow([line])).rejects.toMatchObject({ name: 'WeftError' })
  })

  it.each([
    ['budget_exceeded', { code: 'budget_exceeded', message: 'no' }],
    ['rate_limit_exceeded', { code: 'rate_limit_exceeded', message: 'no' }],
    ['invalid_api_key', { code: 'upstream_error', message: 'invalid_api_key: no' }],
    ['tired', { code: 'upstream_error', message: 'tired: no' }],
  ])(
    'that is the error %s tells the client of his own budget as that, and of all else as its agent’s failure',
    async (code, told) => {
      const { end } = await follow([`${JSON.stringify({ type: 'error', code, message: 'no', isRetryable: false })}\n`])
      expect(end.outcome).toEqual({ kind: 'failed', problem: { ...told, isRetryable: false } })
    },
  )

  it('is kept in the log with the beginnings of its messages only', async () => {
    const long = '💡'.repeat(agentLimits.messageCharsMax)
    const kept = `${'💡'.repeat(agentLimits.messageCharsMax / 2 - 1)}…`
    const { inputs } = await follow([`${JSON.stringify({ type: 'progress', message: long })}\n${result}\n`])
    expect(inputs).toMatchObject([{ type: 'progress', message: kept }])
    const error = { type: 'error', code: 'rate_limit_exceeded', message: long, isRetryable: false }
    expect((await follow([`${JSON.stringify(error)}\n`])).end.outcome).toMatchObject({ problem: { message: kept } })
  })

  it('that is an error without a word says at least whose', async () => {
    const { end } = await follow(['{"type":"error","code":"","message":" ","isRetryable":false}\n'])
    expect(end.outcome).toMatchObject({ problem: { message: 'failed: rag does not say why' } })
  })

  it.each([
    ['a reason', { reason: 'r'.repeat(agentLimits.messageCharsMax + 1) }, 'a reason of 2001 characters, more than 2000'],
    ['an action', { action: 'a'.repeat(agentLimits.messageCharsMax + 1) }, 'an action of 2001 characters, more than 2000'],
    ['arguments', { args: 'x'.repeat(agentLimits.argsBytesMax) }, 'args of 262146 bytes, more than 262144'],
  ])('that asks with %s too long for an approver to read is refused, and not asked for again', async (_what, wrong, why) => {
    const asked = { type: 'needs_approval', reason: 'money leaves', action: 'pay', args: {}, ...wrong }
    const { end } = await follow([`${JSON.stringify(asked)}\n`])
    expect(end.outcome).toMatchObject({
      kind: 'failed',
      problem: { code: 'upstream_error', isRetryable: false, message: expect.stringContaining(why) },
    })
  })

  it('that breaks off is its agent’s failure, and says whose', async () => {
    await expect(follow(['{"type":"text","delta":"I am"}\n', new Error('other side closed')])).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'the answer of rag broke off: other side closed',
    })
  })
})
