import OpenAI from 'openai'
import { CliError, exitCodes } from '../../cli-error.ts'
import type { KnowledgeApi } from './knowledge-api.ts'
import type { Terminal } from './terminal.ts'

/** For how long a call is repeated. A gateway that was killed is back within seconds, and one that is being updated within a minute or two. */
const patienceMs = 120_000

const delaysMs = { first: 250, growth: 1.6, max: 5_000 } as const

export type OutageTools = { meshUrl: string; terminal: Terminal; now: () => number; sleep: (ms: number) => Promise<void> }

/**
 * Wraps a KnowledgeApi so that calls wait for the end of an outage, once the server has answered before. A call is repeated at growing intervals, and nothing is done
 * twice: an upload has a key, and other calls first look whether their work is already done. Throws `mesh_not_up`, saying how to go on, when nobody answers for two
 * minutes, and the server's own error when it fails for as long.
 */
export function outlastOutages(api: KnowledgeApi, tools: OutageTools): KnowledgeApi {
  const outlast = createPatience(tools)
  return {
    findStore: (nameOrId) => outlast(() => api.findStore(nameOrId)),
    createStore: (name) =>
      outlast(async (isRepeated) => (isRepeated ? await api.findStore(name) : undefined) ?? api.createStore(name)),
    readManifest: (storeId) => outlast(() => api.readManifest(storeId)),
    upload: (storeId, file) => outlast(() => api.upload(storeId, file)),
    attach: (storeId, fileId, file) =>
      outlast(async (isRepeated) => {
        if (!isRepeated || !(await api.isAttached(storeId, fileId))) await api.attach(storeId, fileId, file)
      }),
    isAttached: (storeId, fileId) => outlast(() => api.isAttached(storeId, fileId)),
    renameEntry: (storeId, fileId, file) => outlast(() => api.renameEntry(storeId, fileId, file)),
    removeFile: (fileId) => outlast(() => api.removeFile(fileId)),
    countFiles: (storeId) => outlast(() => api.countFiles(storeId)),
    listInProgress: (storeId) => outlast(() => api.listInProgress(storeId)),
    listFailures: (storeId) => outlast(() => api.listFailures(storeId)),
    readVectorProgress: () => outlast(() => api.readVectorProgress()),
  }
}

/** `isRepeated` is true when an earlier attempt may already have done the work. */
type Call<T> = (isRepeated: boolean) => Promise<T>

function createPatience({ meshUrl, terminal, now, sleep }: OutageTools): <T>(call: Call<T>) => Promise<T> {
  let hasAnswered = false
  return async (call) => {
    let awaySinceMs: number | undefined
    for (let delayMs: number = delaysMs.first, isRepeated = false; ; isRepeated = true) {
      try {
        const answer = await call(isRepeated)
        hasAnswered = true
        return answer
      } catch (error) {
        if (!isOutage(error) || !hasAnswered) throw error
        awaySinceMs ??= now()
        const waitedMs = now() - awaySinceMs
        if (waitedMs >= patienceMs) throw givenUp(error, meshUrl)
        terminal.showProgress(`Weft does not answer, waiting … ${Math.round(waitedMs / 1_000)} s`)
      }
      await sleep(delayMs)
      delayMs = Math.min(delayMs * delaysMs.growth, delaysMs.max)
    }
  }
}

function isOutage(error: unknown): boolean {
  if (error instanceof OpenAI.APIConnectionError) return true
  return error instanceof OpenAI.APIError && error.status !== undefined && (error.status >= 500 || error.status === 429)
}

function givenUp(error: unknown, meshUrl: string): unknown {
  if (!(error instanceof OpenAI.APIConnectionError)) return error
  const message = `Weft has not answered at ${meshUrl} for ${patienceMs / 1_000} s: start it with "npm start", then run this command again; it goes on from here, and sends nothing twice`
  return new CliError('mesh_not_up', message, { exitCode: exitCodes.meshNotUp, isRetryable: true, cause: error })
}
