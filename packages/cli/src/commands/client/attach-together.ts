import type OpenAI from 'openai'
import { isRefusal } from './explain-failure.ts'

export type FileToAttach = { fileId: string; attributes: Record<string, string | number | boolean> }

/** How long an attachment waits for others to be sent together, and how many are sent without waiting any longer. */
const gatherMs = 50
const togetherMax = 100

/** The client library does not repeat these requests, because it does not check whether the first one was carried out. */
export const sentOnce = { maxRetries: 0 }

type Waiting = { file: FileToAttach; resolve(): void; reject(reason: unknown): void }

/**
 * Attaches files to vector stores. Those that are given shortly after each other go into one request. When the server refuses it, they are attached file by file, so
 * that every file gets its own answer.
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
