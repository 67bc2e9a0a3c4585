import { describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { hashApiKey, type KeyIdentity, newApiKey } from '../core/api-key.ts'
import { createKeyCheck } from './check-keys.ts'

function setUp() {
  const key = newApiKey()
  const identity: KeyIdentity = {
    keyId: 'key_1',
    tenant: 'default',
    scopes: ['chat'],
    name: 'laptop',
    roles: [],
    expiresAtMs: undefined,
  }
  const world = { nowMs: 0, lookups: 0, isRevoked: false, isDown: false }
  const keys = createKeyCheck(
    {
      async find(keyHash) {
        world.lookups += 1
        if (world.isDown) throw new WeftError('dependency_unavailable', 'the database is not reachable')
        return keyHash === hashApiKey(key) && !world.isRevoked ? { ...identity } : undefined
      },
    },
    () => world.nowMs,
  )
  return { world, keys, header: `Bearer ${key}`, identity }
}

describe('checking keys', () => {
  it('asks the database once, then answers without waiting', async () => {
    const { world, keys, header, identity } = setUp()
    expect(await keys.identify(header)).toEqual(identity)
    for (let time = 0; time < 2_500; time += 100) {
      world.nowMs = time
      expect(keys.identify(header)).not.toBeInstanceOf(Promise)
    }
    expect(world.lookups).toBe(1)
  })

  it('looks a busy key up again beside its requests', async () => {
    const { world, keys, header } = setUp()
    await keys.identify(header)
    world.nowMs = 3_000
    expect(keys.identify(header)).not.toBeInstanceOf(Promise)
    keys.identify(header)
    expect(world.lookups).toBe(2)
    await new Promise((resolve) => setImmediate(resolve))
    world.nowMs = 6_000
    expect(keys.identify(header)).not.toBeInstanceOf(Promise)
  })

  it('notices that a key was revoked elsewhere also when the clock was set back', async () => {
    const { world, keys, header } = setUp()
    world.nowMs = 7_200_000
    await keys.identify(header)
    world.isRevoked = true
    world.nowMs = 5_000
    await expect(keys.identify(header)).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  it('notices within five seconds that a key was revoked elsewhere', async () => {
    const { world, keys, header } = setUp()
    await keys.identify(header)
    world.isRevoked = true
    world.nowMs = 5_000
    await expect(keys.identify(header)).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  it('forgets a key that was revoked here at once', async () => {
    const { world, keys, header } = setUp()
    await keys.identify(header)
    world.isRevoked = true
    keys.forget('key_1')
    await expect(keys.identify(header)).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  it('believes a key it has just seen while the database is away, but not for long', async () => {
    const { world, keys, header, identity } = setUp()
    await keys.identify(header)
    world.isDown = true
    world.nowMs = 30_000
    expect(await keys.identify(header)).toEqual(identity)
    world.nowMs = 61_000
    await expect(keys.identify(header)).rejects.toMatchObject({ code: 'dependency_unavailable' })
  })

  it('never asks the database about what cannot be a key', () => {
    const { world, keys } = setUp()
    expect(() => keys.identify("Bearer weft_'; drop table api_keys; --")).toThrow()
    expect(world.lookups).toBe(0)
  })
})
