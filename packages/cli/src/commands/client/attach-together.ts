import type OpenAI from 'openai'
import { isRefusal } from './explain-failure.ts'

export type FileToAttach = { fileId: string; attributes: Record<string, string | number | boolean> }

/** An attachment waits so long for others that come close behind it, and no longer once there are so many. */
const gatherMs = 50
const togetherMax = 100

/** Not repeated by the client library, which does not look whether the first request did its work. */
export const sentOnce = { maxRetries: 0 }

type Waiting = { file: FileToAttach; resolve(): void; reject(reason: unknown): void }

/**
 * Attaches files to vector stores, those given close together in one request. A batch that the server refuses is attached file by file, so that
 * every file gets its own answer.
 */
export function attachTogether(client: OpenAI): (storeId: string, file: FileToAttach) => Promise<void> {
  const stores = new Map<string, { waiting: Waiting[]; timer: NodeJS.Timeout }>()

  function send(storeId: string): void {
    const group = stores.get(storeId)
    if (group === undefined) return
    clearTimeout(group.timer)
    stores.delete(storeId)
    void attachGroup(client, storeId, group.waiting)
  }

  return (storeId, file) =>
    new Promise((resolve, reject) => {
      const group = stores.get(storeId) ?? { waiting: [], timer: setTimeout(send, gatherMs, storeId) }
      stores.set(storeId, group)
      group.waiting.push({ file, resolve, reject })
      if (group.waiting.length === togetherMax) send(storeId)
    })
}

async function attachGroup(client: OpenAI, storeId: string, group: Waiting[]): Promise<void> {
  const files = group.map(({ file: { fileId, attributes } }) => ({ file_id: fileId, attributes }))
  try {
    if (group.length > 1) await client.vectorStores.fileBatches.create(storeId, { files }, sentOnce)
    else for (const file of files) await client.vectorStores.files.create(storeId, file, sentOnce)
    for (const { resolve } of group) resolve()
  } catch (error) {
    if (group.length > 1 && isRefusal(error)) for (const each of group) await attachGroup(client, storeId, [each])
    else for (const { reject } of group) reject(error)
  }
}
