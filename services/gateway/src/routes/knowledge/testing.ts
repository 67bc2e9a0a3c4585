import { createServer } from 'node:http'
import { type ChatMessage, messageText } from '@weft/contracts'
import type { Database } from '@weft/database'
import { startTestDatabase } from '@weft/database/testing'
import {
  createFileReader,
  createKnowledgeStore,
  ingestFile,
  rewriteQuery,
  type SaidBefore,
  searchKnowledge,
} from '@weft/retrieval'
import express, { type ErrorRequestHandler, type Express } from 'express'
import OpenAI from 'openai'
import { createPostgresAudit } from '../../audit/postgres-audit.ts'
import { toApiError } from '../../core/api-error.ts'
import { hashApiKey } from '../../core/api-key.ts'
import { answerUnknownRoute, foreseen } from '../../http/answer-errors.ts'
import { readJsonBody } from '../../http/read-json-body.ts'
import { nameRequests, requireKey, tenantOf } from '../../http/request-context.ts'
import { createKeyCheck } from '../../keys/check-keys.ts'
import { mountKnowledgeRoutes } from './mount.ts'

const keys = { acme: 'weft_acme_0123456789abcdef', other: 'weft_other_0123456789abcdef' }

/** A gateway with the knowledge routes over a real database; the rag service's own functions stand in for the way to it. */
export type KnowledgeTestbed = {
  client: OpenAI
  otherTenant: OpenAI
  database: Database
  /** Tenants whose lists of stores were announced as changed. */
  changedTenants: string[]
  /** On whose account searches came. */
  accounts: { tenant: string; keyId?: string | undefined }[]
  /** Errors nobody foresaw: the client sees only that something went wrong. */
  unforeseen: unknown[]
  stop(): Promise<void>
}

export async function startKnowledgeTestbed(): Promise<KnowledgeTestbed> {
  const test = await startTestDatabase()
  const served = await serveKnowledge(test.database)
  return {
    ...served,
    database: test.database,
    async stop() {
      await served.stop()
      await test.stop()
    },
  }
}

function saidIn(messages: ChatMessage[]): SaidBefore[] {
  return messages.flatMap((message) => {
    const { role } = message
    return role === 'user' || role === 'assistant' ? [{ role, text: messageText(message) }] : []
  })
}

/** The routes as the gateway mounts them, over any database. */
export async function serveKnowledge(database: Database): Promise<Omit<KnowledgeTestbed, 'database'>> {
  const reader = createFileReader()
  const changedTenants: string[] = []
  const unforeseen: unknown[] = []
  const accounts: KnowledgeTestbed['accounts'] = []
  const app = express()
  app.use(nameRequests(), requireKey(createKeyCheck({ find: async (keyHash) => identities.get(keyHash) })), readJsonBody())
  mountKnowledgeRoutes(app, {
    store: createKnowledgeStore(database),
    audit: createPostgresAudit(database),
    tenantOf,
    async search(request) {
      accounts.push({ tenant: request.tenant, keyId: request.keyId })
      const query = request.rewrite === undefined ? undefined : rewriteQuery(request.query, saidIn(request.rewrite.messages))
      const answer = await searchKnowledge({ database }, { ...request, query: query ?? request.query })
      return query === undefined ? answer : { ...answer, query }
    },
    requestIngestion: ({ fileIds, ...store }) =>
      Promise.all(fileIds.map((fileId) => ingestFile({ database, reader }, { ...store, fileId }))),
    onStoresChanged: (tenant) => changedTenants.push(tenant),
  })
  app.use(answerUnknownRoute, answerErrors(unforeseen))
  const { url, stop } = await listen(app)
  return {
    client: clientOf(url, keys.acme),
    otherTenant: clientOf(url, keys.other),
    changedTenants,
    accounts,
    unforeseen,
    async stop() {
      await stop()
      await reader.stop()
    },
  }
}

const identities = new Map(
  Object.entries(keys).map(([tenant, key]) => {
    return [
      hashApiKey(key),
      { keyId: `key_${tenant}`, tenant, scopes: ['chat' as const], name: '', roles: [], expiresAtMs: undefined },
    ]
  }),
)

function answerErrors(unforeseen: unknown[]): ErrorRequestHandler {
  return (thrown, _request, response, _next) => {
    const { status, body, headers } = toApiError(foreseen(thrown))
    if (body.error.code === 'internal_error') unforeseen.push(thrown)
    response.status(status).set(headers).json(body)
  }
}

async function listen(app: Express): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function clientOf(url: string, apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
}
