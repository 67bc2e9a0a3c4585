import { beforeEach, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { exitCodes } from '../../cli-error.ts'
import type { FingerprintedFile } from './fingerprint-file.ts'
import type { KnowledgeApi } from './knowledge-api.ts'
import { outlastOutages } from './outlast-outages.ts'
import { createTerminal } from './terminal.ts'
import { createMemoryKnowledge, type MemoryKnowledge } from './testing/memory-knowledge.ts'

const unreachable = new OpenAI.APIConnectionError({ message: 'refused' })
const unable = OpenAI.APIError.generate(503, { error: { message: 'restarting' } }, undefined, new Headers())
const path = new URL(import.meta.url).pathname
const file: FingerprintedFile = {
  kind: 'file',
  absolutePath: path,
  root: '/notes',
  path: 'a.md',
  sizeBytes: 1,
  mtimeMs: 1,
  ctimeMs: 1,
  sha256: 'a',
  tokens: 1,
}

let knowledge: MemoryKnowledge
let nowMs: number

beforeEach(() => {
  knowledge = createMemoryKnowledge()
  nowMs = 0
})

/** The server, whose answers get lost so often, before (`isUnheard`) or after it did what it was asked, the first after `takesMs`. */
function lossy(
  method: 'upload' | 'attach' | 'findStore',
  lost: { error: Error; times: number; isUnheard?: boolean; takesMs?: number },
): KnowledgeApi {
  let left = lost.times
  const call: unknown = knowledge[method]
  if (typeof call !== 'function') throw new TypeError('not a call')
  const flaky = async (...given: unknown[]) => {
    if (left <= 0) return call(...given)
    if (left === lost.times) nowMs += lost.takesMs ?? 0
    left -= 1
    if (lost.isUnheard !== true) await call(...given)
    throw lost.error
  }
  return outlast({ ...knowledge, [method]: flaky })
}

function outlast(api: KnowledgeApi): KnowledgeApi {
  const sleep = async (ms: number) => {
    nowMs += ms
  }
  return outlastOutages(api, { meshUrl: 'http://mesh', terminal: createTerminal(), now: () => nowMs, sleep })
}

it.each([unreachable, unable])('repeats a call until the server is back, also when %s', async (error) => {
  const api = lossy('upload', { error, times: 6, isUnheard: true })
  const { id } = await api.createStore('default')
  expect(await api.upload(id, file)).toBe('file_1')
  expect(nowMs).toBeGreaterThan(5_000)
})

it('makes no second store where the first answer was lost', async () => {
  let creations = 0
  const api = outlast({
    ...knowledge,
    createStore: async (name) => {
      creations += 1
      await knowledge.createStore(name)
      throw unreachable
    },
  })
  await api.findStore('default')
  expect(await api.createStore('default')).toEqual({ id: 'vs_1', name: 'default' })
  expect(creations).toBe(1)
})

it('does not attach a file again that is in the store', async () => {
  const api = lossy('attach', { error: unreachable, times: 1 })
  await api.createStore('default')
  await api.attach('vs_1', await api.upload('vs_1', file), file)
  expect(knowledge.calls.filter((call) => call.startsWith('attach'))).toEqual(['attach a.md'])
})

it('gives up at once where nobody ever answered: the mesh is not up', async () => {
  const api = lossy('findStore', { error: unreachable, times: 1 })
  await expect(api.findStore('default')).rejects.toBe(unreachable)
  expect(nowMs).toBe(0)
})

it('gives up after two minutes, and says how to go on', async () => {
  const api = lossy('upload', { error: unreachable, times: 1_000, isUnheard: true })
  await api.createStore('default')
  await expect(api.upload('vs_1', file)).rejects.toMatchObject({
    exitCode: exitCodes.meshNotUp,
    message: expect.stringMatching(
      /not answered at http:\/\/mesh for 120 s: start it with "npm start", then run this command again/,
    ),
  })
  expect(nowMs).toBeLessThan(130_000)
})

it('is as patient with a call that was long under way when the server went', async () => {
  const api = lossy('upload', { error: unreachable, times: 3, isUnheard: true, takesMs: 600_000 })
  const { id } = await api.createStore('default')
  expect(await api.upload(id, file)).toBe('file_1')
})

it('passes a refusal on without repeating it', async () => {
  const refusal = OpenAI.APIError.generate(413, { error: { message: 'too large' } }, undefined, new Headers())
  const api = lossy('upload', { error: refusal, times: 1, isUnheard: true })
  await api.createStore('default')
  await expect(api.upload('vs_1', file)).rejects.toBe(refusal)
  expect(nowMs).toBe(0)
})
