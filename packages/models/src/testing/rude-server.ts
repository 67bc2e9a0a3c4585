import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { ModelTimeouts } from '../attempt/call-guard.ts'
import { createModels, type Models } from '../create-models.ts'

/** What the server is asked for: on OpenAI's wire streamed or not, on Anthropic's always streamed. */
export type AskedFor = { wire: 'openai' | 'anthropic'; isStreamed: boolean }
export type Behaviour = (response: ServerResponse, asked: AskedFor) => Promise<void> | void

export interface RudeServer {
  models: Models
  behave(how: Behaviour): void
  stop(): Promise<void>
}

/** A provider on both wires that does to its callers whatever a test says, and models that call it. */
export async function startRudeServer(timeouts: Partial<ModelTimeouts>): Promise<RudeServer> {
  let behaviour: Behaviour = (response) => void response.end()
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const bytes of request) text += String(bytes)
    const wire = request.url?.endsWith('/messages') ? 'anthropic' : 'openai'
    await behaviour(response, { wire, isStreamed: wire === 'anthropic' || text.includes('"stream":true') })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const models = createModels({
    settings: { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${url}/v1`, ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: url },
    telemetry: { logger: { info: () => undefined } },
    timeouts,
  })
  return {
    models,
    behave(how) {
      behaviour = how
    },
    async stop() {
      await models.stop()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The parts of a good answer on a wire, to be spoilt. */
export function partsOf({ wire, isStreamed }: AskedFor) {
  return wire === 'anthropic' ? messageParts() : isStreamed ? chunkParts() : wholeParts()
}

interface Parts {
  type: string
  begin: string
  text(text: string): string
  end(usage: object | undefined): string
  error: string
}

const failure = { message: 'the model fell over', type: 'server_error', param: null, code: null }

function chunkParts(): Parts {
  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
  const chunk = (delta: object, reason: string | null, more: object = {}) =>
    event({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: reason }],
      ...more,
    })
  return {
    type: 'text/event-stream',
    begin: chunk({ role: 'assistant', content: '' }, null),
    text: (text) => chunk({ content: text }, null),
    end: (usage) => `${chunk({}, 'stop', usage === undefined ? {} : { usage })}data: [DONE]\n\n`,
    error: event({ error: failure }),
  }
}

function wholeParts(): Parts {
  return {
    type: 'application/json',
    begin:
      '{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"',
    text: (text) => JSON.stringify(text).slice(1, -1),
    end: (usage) => `"}}]${usage === undefined ? '' : `,"usage":${JSON.stringify(usage)}`}}`,
    error: JSON.stringify({ error: failure }),
  }
}

function messageParts(): Parts {
  const event = (value: { type: string } & Record<string, unknown>) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
  const start = event({ type: 'message_start', message: { id: 'm1', model: 'm', role: 'assistant', content: [] } })
  return {
    type: 'text/event-stream',
    begin: `${start}${event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })}`,
    text: (text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    end: (usage) =>
      `${event({ type: 'content_block_stop', index: 0 })}${event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, ...(usage === undefined ? {} : { usage }) })}${event({ type: 'message_stop' })}`,
    error: event({ type: 'error', error: { type: 'api_error', message: failure.message } }),
  }
}
