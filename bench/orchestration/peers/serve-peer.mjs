// Runs a peer behind one HTTP route, so that every contender is driven alike: POST /run with a shape, answered at its end.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { Agent, request } from 'undici'

const connections = new Agent({ connections: 512 })

/** A step: the same agent that Weft's steps call, or a function of this process when no agent is named. */
export async function doStep({ agentUrl, delayMs }) {
  if (agentUrl === undefined) {
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs))
    return 'done'
  }
  const body = JSON.stringify({ params: delayMs === undefined ? {} : { delayMs } })
  const headers = { 'content-type': 'application/json' }
  const response = await request(`${agentUrl}/echo`, { method: 'POST', headers, body, dispatcher: connections })
  return (await response.body.json()).text
}

/** Tells where it listens in one line, and ends with its parent. */
export function servePeer(run, { stop, port = 0, routes = {}, endsWithParent = true } = {}) {
  const server = createServer((call, response) => {
    const known = routes[call.url]
    if (known !== undefined) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(known))
      return
    }
    json(call)
      .then(run)
      .then(() => response.end('{}'))
      .catch((cause) => response.writeHead(500).end(String(cause?.stack ?? cause)))
  })
  server.listen({ port, host: '127.0.0.1', backlog: 2_048 }, () => console.log(`ready http://127.0.0.1:${server.address().port}`))
  let isEnding = false
  const end = async () => {
    if (isEnding) return
    isEnding = true
    await stop?.()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  if (endsWithParent) process.stdin.on('end', end).resume()
}
