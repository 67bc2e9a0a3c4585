import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals'
import type { KeyIdentity } from '../core/api-key.ts'
import { createOpenStreams, type OpenStreams } from './open-streams.ts'

/** As the database knows them; away when it answers nothing. */
let valid: string[] | undefined
let asked: string[][]
let problems: unknown[]
let streams: OpenStreams

beforeEach(() => {
  jest.useFakeTimers()
  valid = ['ann', 'bob']
  asked = []
  problems = []
  streams = createOpenStreams({
    async findValid(keyIds) {
      asked.push(keyIds)
      if (valid === undefined) throw new Error('the database is away')
      return new Set(valid)
    },
    onInvalid: () => undefined,
    onProblem: (cause) => problems.push(cause),
  })
})
afterEach(() => {
  streams.stop()
  jest.useRealTimers()
})

function open(keyId: string, response = new ServerResponse(new IncomingMessage(new Socket()))) {
  const identity: KeyIdentity = { keyId, tenant: 'acme', scopes: ['chat'], name: '', roles: [], expiresAtMs: undefined }
  const answer = streams.open(identity, response)
  return { response, answer, codeOf: () => answer.endReason()?.code }
}

it('what a key has open ends within five seconds of its revocation elsewhere, and what others have open goes on', async () => {
  const ann = [open('ann'), open('ann')]
  const bob = open('bob')
  await jest.advanceTimersByTimeAsync(60_000)
  expect([...ann, bob].map(({ codeOf }) => codeOf())).toEqual([undefined, undefined, undefined])
  valid = ['bob']
  await jest.advanceTimersByTimeAsync(5_000)
  expect([...ann, bob].map(({ codeOf }) => codeOf())).toEqual(['invalid_api_key', 'invalid_api_key', undefined])
  expect([...ann, bob].map(({ answer }) => answer.signal.aborted)).toEqual([true, true, false])
})

it('nothing ends while the database cannot say which keys are good, and the next look ends what is to end', async () => {
  const ann = open('ann')
  valid = undefined
  await jest.advanceTimersByTimeAsync(10_000)
  expect([problems.length, ann.codeOf()]).toEqual([2, undefined])
  valid = []
  await jest.advanceTimersByTimeAsync(5_000)
  expect(ann.codeOf()).toBe('invalid_api_key')
})

it('only keys that have something open are asked about, and nobody is while nothing is', async () => {
  const [first, second] = [open('ann'), open('ann')]
  first.response.emit('close')
  await jest.advanceTimersByTimeAsync(5_000)
  expect([asked, streams.count()]).toEqual([[['ann']], 1])
  second.response.emit('close')
  await jest.advanceTimersByTimeAsync(60_000)
  expect([asked.length, streams.count()]).toEqual([1, 0])
})

it('a reader that left before its answer was opened has nothing open', async () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  response.destroy()
  Object.defineProperty(response, 'closed', { value: true })
  const { answer } = open('ann', response)
  expect([answer.hasReaderLeft(), answer.signal.aborted, streams.count()]).toEqual([true, true, 0])
  await jest.advanceTimersByTimeAsync(60_000)
  expect(asked).toEqual([])
})
