import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { createFairPlaces, type FairPlaces, type FairPlacesOptions, type Place } from './fair-places.ts'

const signal = new AbortController().signal
const enter = async (fair: FairPlaces, tenant: string, more: { signal?: AbortSignal } = {}) =>
  fair.enter({ tenant, cost: 100, signal, ...more })

/** So many requests of a tenant, of which some have a place and the others wait. */
function crowd(fair: FairPlaces, tenant: string, count: number) {
  const places: Place[] = []
  const refusals: unknown[] = []
  for (let each = 0; each < count; each++)
    enter(fair, tenant).then(
      (place) => places.push(place),
      (refusal: unknown) => refusals.push(refusal),
    )
  return { places, refusals }
}

const placesOf = (more: Partial<FairPlacesOptions> = {}) =>
  createFairPlaces({ of: 'the gateway', placesMax: 8, waitMsMax: 1_000, ...more })

describe('a gateway with more requests than places', () => {
  it('lets a quiet tenant in at once while a noisy one holds all it may and waits for more', async () => {
    const fair = placesOf()
    const noisy = crowd(fair, 'noisy', 60)
    await sleep(0)
    expect(noisy.places).toHaveLength(7)
    const quiet = await Promise.race([enter(fair, 'quiet'), sleep(200)])
    expect(quiet).toBeDefined()
    expect(fair.counts()).toEqual({ active: 8, waiting: 53 })
  })

  it('serves tenants in turn as places come free', async () => {
    const fair = placesOf({ placesMax: 2 })
    const noisy = crowd(fair, 'noisy', 40)
    await sleep(0)
    const others = ['a', 'b', 'c'].map((tenant) => crowd(fair, tenant, 1))
    for (let turn = 0; turn < 30 && others.some(({ places }) => places.length === 0); turn++) {
      noisy.places[turn]?.leave()
      for (const { places } of others) places[0]?.leave()
      await sleep(0)
    }
    expect(others.map(({ places }) => places.length)).toEqual([1, 1, 1])
  })

  it('bounds how many of a tenant wait, and how long', async () => {
    const fair = placesOf({ waitingPerTenantMax: 5, waitMsMax: 30 })
    const { refusals } = crowd(fair, 'noisy', 20)
    await sleep(0)
    expect(refusals).toHaveLength(8)
    expect(refusals[0]).toMatchObject({ code: 'rate_limit_exceeded', details: { retryAfterMs: 2_000 } })
    await sleep(60)
    expect(refusals.at(-1)).toMatchObject({ code: 'dependency_unavailable', message: expect.stringContaining('30 ms') })
    expect(fair.counts()).toEqual({ active: 7, waiting: 0 })
  })

  it('says that its queues are full, and of no wait, to those it has no room for', async () => {
    const fair = placesOf({ waitingMax: 3 })
    const { refusals } = crowd(fair, 'noisy', 11)
    await sleep(0)
    expect(refusals).toEqual([expect.objectContaining({ message: 'the gateway is busy: 3 requests already wait for a place' })])
  })

  it('forgets a reader that left while it waited', async () => {
    const fair = placesOf({ placesMax: 1 })
    await enter(fair, 'a')
    const reader = new AbortController()
    const waiting = enter(fair, 'a', { signal: reader.signal })
    reader.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' })
    expect(fair.counts().waiting).toBe(0)
    await expect(enter(fair, 'a', { signal: reader.signal })).rejects.toMatchObject({ code: 'timeout' })
    expect(fair.counts().waiting).toBe(0)
  })
})
