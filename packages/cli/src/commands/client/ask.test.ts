import { createServer, type Server } from 'node:http'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ask } from './ask.ts'
import { type ClientContext, createMeshClient } from './connect-mesh.ts'
import { explainFailure } from './explain-failure.ts'
import { createTerminal } from './terminal.ts'

const source = 'Tides\n\nThe moon raises the tides. 🌊\nThe sun helps.\n'
const quote = 'The sun helps.'
const citation = {
  index: 1,
  fileId: 'file_1',
  filename: 'notes/tides.md',
  quote,
  start: [...source.slice(0, source.indexOf(quote))].length,
  end: 0,
  score: 0.7,
  verified: true,
}
citation.end = citation.start + [...quote].length

let server: Server
let url: string
let chunks: object[]
let requests: { path: string; sessionId: string | undefined; body: string }[]

beforeEach(async () => {
  requests = []
  chunks = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'searching\n' }),
    chunk({ content: 'The sun ' }),
    chunk({ content: 'helps [1].' }),
    { ...chunk({}, 'stop'), weft: weftOf({ citations: [citation], degraded: ['offline_model'] }) },
  ]
  server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const path = request.url ?? ''
    requests.push({ path, sessionId: request.headers['x-session-id']?.toString(), body })
    response.setHeader('content-type', 'application/json')
    if (path === '/v1/files/file_1/content') response.end(source)
    else if (path === '/v1/files/file_1') response.end(JSON.stringify({ id: 'file_1', bytes: Buffer.byteLength(source) }))
    else if (path.startsWith('/v1/vector_stores'))
      response.end(JSON.stringify({ data: [{ id: 'vs_1', name: 'notes' }], has_more: false }))
    else response.end(`${chunks.map((item) => `data: ${JSON.stringify(item)}\n\n`).join('')}data: [DONE]\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('asking a question', () => {
  it('puts the answer and its sources with file, line and quote on standard output', async () => {
    const { out } = await run()
    expect(out).toBe('The sun helps [1].\n\n[1] notes/tides.md:4 “The sun helps.”\n')
  })

  it('says on standard error that the offline model answered, and how to go on', async () => {
    const { error } = await run()
    expect(error).toContain('built-in offline model')
    expect(error).toContain('--session sess_1')
    expect(error).not.toContain('searching')
  })

  it('shows progress on a terminal, away from the answer', async () => {
    const { out, error } = await run({ isTerminal: true })
    expect(error).toContain('searching')
    expect(out).not.toContain('searching')
  })

  it('asks the mode, the store and the session that were named', async () => {
    await run({ options: { mode: 'research', store: 'notes', session: 'my-session' } })
    const request = requests.find(({ path }) => path === '/v1/chat/completions')
    expect(request?.sessionId).toBe('my-session')
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      model: 'weft/research',
      stream: true,
      weft: { vectorStoreIds: ['vs_1'] },
    })
  })

  it('leaves the choice of stores to the server when none was named', async () => {
    await run()
    const request = requests.find(({ path }) => path === '/v1/chat/completions')
    expect(JSON.parse(request?.body ?? '')).not.toHaveProperty('weft.vectorStoreIds')
  })

  it('answers one JSON document when asked to', async () => {
    const { out } = await run({ isJson: true })
    expect(JSON.parse(out)).toMatchObject({
      answer: 'The sun helps [1].',
      sessionId: 'sess_1',
      degraded: ['offline_model'],
      citations: [{ filename: 'notes/tides.md', line: 4 }],
    })
  })

  it('names the stores there are when the one named is not among them', async () => {
    await expect(run({ options: { store: 'other' } })).rejects.toThrow('no vector store named "other": there are "notes"')
  })

  it('ends with the reason when the answer breaks off', async () => {
    chunks = [
      chunk({ content: 'The ' }),
      { error: { message: 'the agent was lost', type: 'server_error', param: null, code: 'upstream_error' } },
    ]
    const failure = await run().catch((error: unknown) => explainFailure(error, url))
    expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining('the agent was lost') })
  })

  it('says that the mesh is not up when nothing answers', async () => {
    const nobody = createMeshClient('http://127.0.0.1:9', 'weft_key').withOptions({ maxRetries: 0 })
    const context = { mesh: { url, client: nobody }, terminal: createTerminal(), isJson: false }
    const failure = await ask('why?', {}, context).catch((error: unknown) => explainFailure(error, 'http://127.0.0.1:9'))
    expect(failure).toMatchObject({ exitCode: 3, message: expect.stringMatching(/does not answer at http:.*npm start/) })
  })
})

type Options = { options?: Parameters<typeof ask>[1]; isTerminal?: boolean; isJson?: boolean }

async function run({ options = {}, isTerminal = false, isJson = false }: Options = {}): Promise<{ out: string; error: string }> {
  const out = sink()
  const error = sink()
  const terminal = createTerminal({ out: out.stream, error: Object.assign(error.stream, { isTTY: isTerminal }) })
  const context: ClientContext = { mesh: { url, client: createMeshClient(url, 'weft_key') }, terminal, isJson }
  await ask('What raises the tides?', options, context)
  return { out: out.text(), error: error.text() }
}

function sink() {
  let text = ''
  const stream = new Writable({
    write(piece, _encoding, done) {
      text += String(piece)
      done()
    },
  })
  return { stream, text: () => text }
}

function chunk(delta: object, finishReason: string | null = null) {
  return {
    id: 'chatcmpl_1',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'weft/auto',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  }
}

function weftOf(more: object) {
  return { sessionId: 'sess_1', turn: 1, status: 'completed', degraded: [], citations: [], approvals: [], costUsd: 0, ...more }
}
