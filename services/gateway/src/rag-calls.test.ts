import { describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { ragCalls } from './rag-calls.ts'

const call = { tenant: 'default', vectorStoreIds: ['vs_1'], query: 'bridges', maxResults: 3 }
const found = { results: [], skipped: [] }
const gone = () =>
  new WeftError('dependency_unavailable', 'invoke rag /search: the sidecar is not reachable (connect ECONNREFUSED 127.0.0.1:1)')

/** Fails so many times, then answers. */
function searching(failures: number, { failure = gone, patienceMs = 30_000 } = {}) {
  let asked = 0
  const invoke = async () => {
    asked += 1
    if (asked <= failures) throw failure()
    return found
  }
  const { search } = ragCalls({ invoke: invoke as unknown as Sidecar['invoke'] }, { patienceMs })
  return { search: (wish: typeof call) => search(wish, new AbortController().signal), asked: () => asked }
}

describe('a search of the gateway', () => {
  it('is asked for again while what it needs restarts', async () => {
    const { search, asked } = searching(2)
    expect(await search(call)).toEqual(found)
    expect(asked()).toBe(3)
  })

  it('says what is not there once that has been waited for, and not at which address', async () => {
    const { search } = searching(1_000, { patienceMs: 400 })
    await expect(search(call)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      message: 'not available right now: rag. Send the request again in a moment.',
    })
  })

  it('ends with its reader, and is not asked for again then', async () => {
    const reader = new AbortController()
    let asked = 0
    const invoke = (_app: string, _path: string, { signal }: { signal: AbortSignal }) => {
      asked += 1
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new WeftError('timeout', 'invoke rag /search was aborted')))
      })
    }
    const searched = ragCalls({ invoke: invoke as unknown as Sidecar['invoke'] }, { patienceMs: 400 }).search(call, reader.signal)
    reader.abort()
    await expect(searched).rejects.toMatchObject({ name: 'AbortError' })
    expect(asked).toBe(1)
  })

  it('that is refused is not asked for again', async () => {
    const { search, asked } = searching(1, { failure: () => new WeftError('invalid_request', 'the filter nests too deeply') })
    await expect(search(call)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(asked()).toBe(1)
  })
})
