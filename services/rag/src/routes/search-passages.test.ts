import { once } from 'node:events'
import { expect, it } from '@jest/globals'
import { listen } from '@weft/mesh'
import express from 'express'
import { searchPassages } from './search-passages.ts'

it.each([
  ['', {}],
  [', while its question is rewritten', { rewrite: { messages: [] } }],
])('a search is given up when who asked for it has left%s', async (_while, more) => {
  const begun: AbortSignal[] = []
  const waiting = (signal?: AbortSignal) => {
    if (signal !== undefined) begun.push(signal)
    return new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  const app = express().use(express.json())
  app.post(
    '/search',
    searchPassages(
      (_request, _scope, signal) => waiting(signal),
      (_asked, signal) => waiting(signal),
    ),
  )
  const { port, stop } = await listen(app, { port: 0 })
  const reader = new AbortController()
  const asked = fetch(`http://127.0.0.1:${port}/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: 'default', vectorStoreIds: ['vs_1'], query: 'bridges', maxResults: 3, ...more }),
    signal: reader.signal,
  })
  const left = expect(asked).rejects.toThrow()
  while (begun[0] === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(begun[0].aborted).toBe(false)
  const given = once(begun[0], 'abort')
  reader.abort()
  await Promise.all([given, left])
  await stop(0)
})
