import { expect, it } from '@jest/globals'
import { openDatabase } from '@weft/database'
import { createKnowledgeStore } from '@weft/retrieval'
import { startGateway } from '../../testing/start-gateway.ts'

it('a search goes on for as long as its reader waits, and no longer', async () => {
  const unreachable = openDatabase({ urls: ['postgres://postgres@127.0.0.1:1/none'] })
  let searching: AbortSignal | undefined
  const gateway = await startGateway({
    knowledge: {
      store: { ...createKnowledgeStore(unreachable), getSearchableMetadata: async () => ({}) },
      search: (_request, reader) => {
        searching = reader
        return new Promise((_resolve, reject) => reader.addEventListener('abort', () => reject(reader.reason)))
      },
      requestIngestion: async () => undefined,
      onStoresChanged: () => undefined,
    },
  })
  const reader = new AbortController()
  const asked = gateway.request('/v1/vector_stores/vs_1/search', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'bridges' }),
    signal: reader.signal,
  })
  const left = expect(asked).rejects.toThrow()
  while (searching === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(searching.aborted).toBe(false)
  reader.abort()
  await left
  while (!searching.aborted) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(gateway.unforeseen).toEqual([])
  await gateway.stop()
  await unreachable.stop()
})
