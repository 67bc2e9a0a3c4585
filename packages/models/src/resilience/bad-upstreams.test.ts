import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ModelUsage } from '../model-event.ts'
import { failureOf } from '../testing/collect-events.ts'
import { type Behaviour, partsOf, type RudeServer, startRudeServer } from '../testing/rude-server.ts'
import { testScope } from '../testing/test-models.ts'
import { eventBytesMax } from '../upstream/upstream-bounds.ts'

let rude: RudeServer
/** Whose models soon give up on what says nothing. */
let hasty: RudeServer
beforeAll(async () => {
  rude = await startRudeServer({})
  hasty = await startRudeServer({ firstTokenMs: 1_000, betweenTokensMs: 1_000, wholeAnswerMs: 1_000 })
})
afterAll(() => Promise.all([rude.stop(), hasty.stop()]))

const messages = [{ role: 'user' as const, content: 'Hello' }]

type Heard = { text: string; usage: ModelUsage | undefined }

async function relay(body: object, { models } = rude): Promise<Heard> {
  const answer = await models.passThrough({ messages, ...body }, { scope: testScope })
  if (answer.kind === 'body') return { text: answer.body, usage: answer.usage }
  let text = ''
  for await (const piece of answer.chunks) text += piece
  return { text, usage: answer.usage() }
}

async function collect(model: string, { models } = rude): Promise<Heard> {
  const { text, usage } = await models.complete({ model, messages }, { scope: testScope })
  return { text, usage }
}

/** Every way on which an answer comes in. */
const ways: Record<string, (server?: RudeServer) => Promise<Heard>> = {
  'relayed whole': (server) => relay({ model: 'openai/m' }, server),
  'relayed as a stream': (server) => relay({ model: 'openai/m', stream: true }, server),
  'asked for by the mesh on OpenAI’s wire': (server) => collect('openai/m', server),
  'translated whole from Anthropic’s wire': (server) => relay({ model: 'anthropic/m' }, server),
  'translated as a stream from Anthropic’s wire': (server) => relay({ model: 'anthropic/m', stream: true }, server),
}
const everyWay = Object.keys(ways)
const askBy = (way: string, server?: RudeServer): Promise<Heard> => ways[way]?.(server) ?? Promise.reject(new TypeError(way))

function good(usage?: (wire: string) => object): Behaviour {
  return (response, asked) => {
    const parts = partsOf(asked)
    response.writeHead(200, { 'content-type': parts.type })
    response.end(parts.begin + parts.text('Fine.') + parts.end(usage?.(asked.wire)))
  }
}

const begun: (then: Behaviour) => Behaviour = (then) => async (response, asked) => {
  const parts = partsOf(asked)
  response.writeHead(200, { 'content-type': parts.type })
  response.write(parts.begin + parts.text('Half'))
  await then(response, asked)
}

describe.each(everyWay)('an answer %s', (way) => {
  it('that stalls is given up', async () => {
    hasty.behave(begun(() => undefined))
    expect(await failureOf(askBy(way, hasty))).toMatchObject({ code: 'timeout', isRetryable: true })
  })

  it('that never begins is given up', async () => {
    hasty.behave(() => undefined)
    expect(await failureOf(askBy(way, hasty))).toMatchObject({ code: 'timeout' })
  })

  it('that trickles in byte by byte is given up', async () => {
    hasty.behave(
      begun(async (response, asked) => {
        for (const byte of partsOf(asked).text('x'.repeat(200))) {
          if (response.destroyed) return
          response.write(byte)
          await sleep(20)
        }
      }),
    )
    expect(await failureOf(askBy(way, hasty))).toMatchObject({ code: 'timeout' })
  })

  it('that is cut in the middle of a chunk fails, and may be tried again', async () => {
    rude.behave(
      begun((response, asked) => {
        response.write(partsOf(asked).text('cut off').slice(0, -9))
        setTimeout(() => response.destroy(), 20)
      }),
    )
    expect(await failureOf(askBy(way))).toMatchObject({ code: 'upstream_error', isRetryable: true })
  })

  it('that is no text fails, and no replacement characters are handed on', async () => {
    rude.behave(
      begun((response, asked) => {
        const [before = '', after = ''] = partsOf(asked).text('@').split('@')
        response.end(
          Buffer.concat([Buffer.from(before), Buffer.from([0xc3, 0x28]), Buffer.from(after + partsOf(asked).end(undefined))]),
        )
      }),
    )
    expect(await failureOf(askBy(way))).toMatchObject({ code: 'upstream_error', message: expect.stringContaining('UTF-8') })
  })

  it('that is no JSON fails', async () => {
    rude.behave(
      begun((response, asked) => {
        response.end(asked.isStreamed ? 'event: message_delta\ndata: {"choices": [{]\n\n' : '"}}], nonsense')
      }),
    )
    expect(await failureOf(askBy(way))).toMatchObject({ code: 'upstream_error' })
  })

  it('that is a page of HTML fails', async () => {
    rude.behave((response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the proxy</html>')
    })
    expect(await failureOf(askBy(way))).toMatchObject({ code: 'upstream_error', isRetryable: true })
  })

  it('that is an error under a good status fails with what the error says', async () => {
    rude.behave((response, asked) => {
      const { type, error } = partsOf(asked)
      response.writeHead(200, { 'content-type': type }).end(error)
    })
    expect(await failureOf(askBy(way))).toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('the model fell over'),
    })
  })

  it('that never ends its line is cut off where that stops making sense', async () => {
    rude.behave(
      begun(async (response, asked) => {
        response.write(asked.isStreamed ? 'data: {"' : '')
        const block = Buffer.alloc(1_048_576, 'x')
        for (let sent = 0; sent < 64 && !response.destroyed; sent++)
          if (!response.write(block)) await Promise.race([new Promise((resolve) => response.once('drain', resolve)), sleep(50)])
      }),
    )
    const before = process.memoryUsage().rss
    expect(await failureOf(askBy(way))).toMatchObject({ code: 'upstream_error' })
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * eventBytesMax)
  })

  it.each<[string, ((wire: string) => object) | undefined]>([
    ['without usage', undefined],
    [
      'with usage below zero',
      (wire) =>
        wire === 'openai'
          ? { prompt_tokens: -5, completion_tokens: -7, total_tokens: -12 }
          : { input_tokens: -5, output_tokens: -7 },
    ],
    [
      'with fewer tokens than none from a cache',
      (wire) =>
        wire === 'openai'
          ? { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12, prompt_tokens_details: { cached_tokens: -1_000_000 } }
          : { input_tokens: 5, output_tokens: 7, cache_read_input_tokens: -1_000_000 },
    ],
  ])('%s is counted by estimate', async (_what, usage) => {
    rude.behave(good(usage))
    const heard = await askBy(way)
    expect(heard.text).toContain('Fine.')
    expect(heard.usage?.inputTokens).toBeGreaterThanOrEqual(0)
    expect(heard.usage?.outputTokens).toBeGreaterThanOrEqual(0)
    expect(heard.usage?.cachedInputTokens ?? 0).toBeGreaterThanOrEqual(0)
  })

  it('of chunks of many megabytes comes whole, or fails with the bound named', async () => {
    const large = 'x'.repeat(10_485_760)
    rude.behave((response, asked) => {
      const parts = partsOf(asked)
      response.writeHead(200, { 'content-type': parts.type })
      response.end(parts.begin + parts.text(large) + parts.end(undefined))
    })
    const heard = await askBy(way).catch((thrown: unknown) => thrown)
    if (heard instanceof Error)
      expect(heard).toMatchObject({ code: 'upstream_error', message: expect.stringContaining(String(eventBytesMax)) })
    else expect(JSON.stringify(heard).length).toBeGreaterThan(large.length)
  })
})

it('a stream that is left open after its last event is whole', async () => {
  rude.behave((response, asked) => {
    const parts = partsOf(asked)
    response.writeHead(200, { 'content-type': parts.type })
    response.write(parts.begin + parts.text('Fine.') + parts.end(undefined))
  })
  expect((await relay({ model: 'openai/m', stream: true })).text).toMatch(/Fine\..*data: \[DONE\]\n\n$/s)
})

it.each(['openai/m', 'anthropic/m'])('a stream of %s is not given up for a reader that takes its time', async (model) => {
  const read = Promise.withResolvers<void>()
  hasty.behave(
    begun(async (response, asked) => {
      await read.promise
      const parts = partsOf(asked)
      response.end(parts.text(' and whole') + parts.end(undefined))
    }),
  )
  const answer = await hasty.models.passThrough({ model, messages, stream: true }, { scope: testScope })
  if (answer.kind !== 'stream') throw new TypeError('not a stream')
  let text = ''
  for await (const piece of answer.chunks) {
    const isFirst = !text.includes('Half')
    text += piece
    if (!isFirst || !text.includes('Half')) continue
    await sleep(1_500)
    read.resolve()
  }
  expect(text).toContain(' and whole')
})
