// The agent whose steps every contender calls: answers at once, or after `params.delayMs`. For Weft it has a card and speaks NDJSON;
// the others call POST /echo. `node bench/orchestration/echo-agent.ts [arrivals]` listens on APP_PORT; into the file `arrivals` it writes the session
// and the time of every call, in epoch milliseconds.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'

const [arrivals] = process.argv.slice(2)
const Step = z.object({ sessionId: z.string().optional(), params: z.object({ delayMs: z.number().optional() }).optional() })

const capability = { name: 'echo', description: 'Answers.', inputSchema: {}, outputSchema: {}, effects: 'none' }
const card = { id: 'echo', version: '1', description: 'Answers at once.', capabilities: [capability] }
const result = { type: 'result', output: { text: 'done' }, citations: [], confidence: 1 }

createServer((request, response) => {
  if (request.url === '/card') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(card))
    return
  }
  json(request)
    .then((body) => {
      const { sessionId, params } = Step.parse(body)
      if (arrivals !== undefined) appendFileSync(arrivals, `${sessionId} ${Date.now()}\n`)
      const answer = () =>
        request.url === '/execute'
          ? response.setHeader('content-type', 'application/x-ndjson').end(`${JSON.stringify(result)}\n`)
          : response.setHeader('content-type', 'application/json').end('{"text":"done"}')
      if (params?.delayMs === undefined) answer()
      else setTimeout(answer, params.delayMs)
    })
    .catch(() => response.writeHead(400).end())
}).listen({ port: Number(process.env.APP_PORT), host: '127.0.0.1', backlog: 2_048 })
