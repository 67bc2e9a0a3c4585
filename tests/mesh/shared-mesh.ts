import OpenAI from 'openai'
import { z } from 'zod'
import { type MeshStatus, readProcesses, runWeft, type WeftRun } from './running-mesh.ts'

export const sharedMeshVariable = 'WEFT_TEST_MESH'

const SharedMesh = z.object({
  url: z.string(),
  port: z.number(),
  dataFolder: z.string(),
  apiKey: z.string(),
  openAiPort: z.number(),
  anthropicPort: z.number(),
  spansPort: z.number(),
  mailPort: z.number(),
})
export type SharedMesh = z.infer<typeof SharedMesh>

/** The mesh that was started for this run of tests. */
export function sharedMesh(): SharedMesh {
  return SharedMesh.parse(JSON.parse(process.env[sharedMeshVariable] ?? '{}'))
}

/** The published client, as a user of the mesh sets it up. */
export function openAiClient(more: { apiKey?: string; maxRetries?: number } = {}): OpenAI {
  const { url, apiKey } = sharedMesh()
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, ...more })
}

/** What Weft adds to an answer. */
export const WeftAnswer = z.looseObject({
  sessionId: z.string(),
  turn: z.number(),
  status: z.string(),
  degraded: z.array(z.string()),
  citations: z.array(
    z.looseObject({
      index: z.number(),
      fileId: z.string(),
      filename: z.string(),
      quote: z.string(),
      start: z.number(),
      end: z.number(),
      verified: z.literal(true),
    }),
  ),
  costUsd: z.number(),
  traceId: z.string(),
})
export type WeftAnswer = z.infer<typeof WeftAnswer>

export function weftOf(answer: object): WeftAnswer {
  return WeftAnswer.parse(Reflect.get(answer, 'weft'))
}

/** Raw HTTP to the mesh, for what a well-behaved client would not send. */
export function request(path: string, init: RequestInit & { key?: string } = {}): Promise<Response> {
  const { url, apiKey } = sharedMesh()
  const { key = apiKey, headers, ...rest } = init
  return fetch(`${url}${path}`, { ...rest, headers: { authorization: `Bearer ${key}`, ...headers } })
}

/** A vector store of these texts, ready to be searched. */
export async function storeOf(name: string, texts: Record<string, string>): Promise<string> {
  const client = openAiClient()
  const store = await client.vectorStores.create({ name })
  for (const [filename, text] of Object.entries(texts)) {
    const added = await client.vectorStores.files.uploadAndPoll(store.id, new File([text], filename), { pollIntervalMs: 50 })
    if (added.status !== 'completed') throw new Error(`${filename} was not indexed: ${added.last_error?.message}`)
  }
  return store.id
}

/** The processes of the mesh but its supervisor. */
export function meshProcesses(): Promise<MeshStatus['processes']> {
  return readProcesses(sharedMesh().dataFolder)
}

/** Runs `weft <args>` against the mesh. */
export function weft(args: string[]): Promise<WeftRun> {
  const { port, dataFolder, apiKey } = sharedMesh()
  return runWeft(args, { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey })
}

/** The body of an answer, as far as the schema looks. */
export async function bodyOf<T extends z.ZodType>(schema: T, answering: Promise<Response> | Response): Promise<z.infer<T>> {
  return schema.parse(await (await answering).json())
}

export const SessionBody = z.looseObject({
  turns: z.array(
    z.looseObject({
      status: z.string(),
      steps: z.array(z.looseObject({ stepId: z.string(), capability: z.string(), status: z.string() })),
    }),
  ),
})
