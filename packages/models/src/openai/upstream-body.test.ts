import { describe, expect, it } from '@jest/globals'
import { createUpstreamBody } from './upstream-body.ts'

function scripted() {
  const told: string[] = []
  let paused = false
  const body = createUpstreamBody()
  body.attach({
    aborted: false,
    get paused() {
      return paused
    },
    reason: null,
    pause() {
      paused = true
      told.push('pause')
    },
    resume() {
      paused = false
      told.push('resume')
    },
    abort(reason) {
      told.push(`abort: ${reason.message}`)
      body.end(reason)
    },
  })
  return { body, told }
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()

describe('an upstream body', () => {
  it('is read no further while its reader takes nothing, and goes on once it does', async () => {
    const { body, told } = scripted()
    body.add(Buffer.alloc(70_000))
    expect(told).toEqual(['pause'])
    expect(await body.next()).toHaveLength(70_000)
    expect(told).toEqual(['pause', 'resume'])
  })

  it('gives what came meanwhile in one piece, and ends', async () => {
    const { body } = scripted()
    for (const word of ['a', 'b', 'c']) body.add(Buffer.from(word))
    expect(text(await body.next())).toBe('abc')
    const next = body.next()
    body.end()
    expect(await next).toBeUndefined()
  })

  it('gives what came before it broke, then throws what broke it', async () => {
    const { body } = scripted()
    body.add(Buffer.from('half'))
    body.end(new Error('reset'))
    expect(text(await body.next())).toBe('half')
    await expect(body.next()).rejects.toThrow('reset')
  })

  it('is whole up to its bound, and refused beyond', async () => {
    const { body } = scripted()
    const reading = body.bytes(3, () => new Error('too large'))
    body.add(Buffer.from('ab'))
    body.add(Buffer.from('c'))
    body.end()
    expect(text(await reading)).toBe('abc')
    const large = scripted()
    const failing = expect(large.body.bytes(3, () => new Error('too large'))).rejects.toThrow('too large')
    large.body.add(Buffer.from('abcd'))
    await failing
  })
})
