import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastingPort } from '@weft/database/testing'
import { createFakeKnowledgeRoutes, type FakeKnowledgeRoutes } from './fake-knowledge-routes.ts'

/** The knowledge routes of a gateway, in memory and for one store. Files are indexed as soon as they are attached. */
export type FakeKnowledgeServer = Omit<FakeKnowledgeRoutes, 'answer'> & {
  url: string
  /** Drops every connection, and listens again after this time, with everything that was stored. */
  outage(durationMs: number): Promise<void>
  stop(): Promise<void>
}

/** How long each request takes, so that a kill finds many of them under way. */
const requestMs = 4

export async function startFakeKnowledgeServer(): Promise<FakeKnowledgeServer> {
  const { answer, ...held } = createFakeKnowledgeRoutes()

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = await answer(request, new URL(request.url ?? '', 'http://localhost'))
    await sleep(requestMs)
    const status = result === undefined ? 404 : 200
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(result ?? { error: { message: 'not found' } }))
  }

  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()))
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  async function stop(): Promise<void> {
    const stopped = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await stopped
  }
  const port = await lastingPort()
  await listen(port)
  return {
    url: `http://127.0.0.1:${port}`,
    ...held,
    async outage(durationMs) {
      await stop()
      await sleep(durationMs)
      await listen(port)
    },
    stop,
  }
}
