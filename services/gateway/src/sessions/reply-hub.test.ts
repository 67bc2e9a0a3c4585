import { describe, expect, it } from '@jest/globals'
import { endItem, eventItem, place, textItem } from '../testing/turns.ts'
import { createReplyHub } from './reply-hub.ts'

const never = new AbortController().signal

describe('replies on their way to their readers', () => {
  it('reach everybody who follows the session, and nobody of another tenant', () => {
    const hub = createReplyHub()
    const readers = [hub.follow(place), hub.follow(place)]
    const stranger = hub.follow({ ...place, tenant: 'other' })
    hub.deliver({ items: [textItem(0, 'a')] })
    expect(readers.map((reader) => reader.take().length)).toEqual([1, 1])
    expect(stranger.take()).toEqual([])
  })

  it('wake a reader that waits', async () => {
    const hub = createReplyHub()
    const reader = hub.follow(place)
    const waiting = reader.wait(60_000, never)
    hub.deliver({ items: [textItem(0, 'a')] })
    await waiting
    expect(reader.take()).toHaveLength(1)
  })

  it('are dropped for a reader that is too slow, but never the end', () => {
    const hub = createReplyHub()
    const reader = hub.follow(place)
    const chunk = 'x'.repeat(65_536)
    for (let index = 0; index < 100; index += 1) hub.deliver({ items: [textItem(index * chunk.length, chunk)] })
    hub.deliver({ items: [endItem('completed')] })
    const items = reader.take()
    expect(items.length).toBeLessThanOrEqual(17)
    expect(items.at(-1)?.kind).toBe('end')
  })

  it('are held for a slow reader up to a size, events of a session too', () => {
    const hub = createReplyHub()
    const reader = hub.follow(place)
    const message = 'x'.repeat(65_536)
    for (let seq = 1; seq <= 100; seq += 1) hub.deliver({ items: [eventItem(seq, 'step.progress', { message })] })
    hub.deliver({ items: [endItem('completed')] })
    const items = reader.take()
    expect(JSON.stringify(items).length).toBeLessThan(1_100_000)
    expect(items.at(-1)?.kind).toBe('end')
  })

  it('are forgotten once nobody follows', () => {
    const hub = createReplyHub()
    const reader = hub.follow(place)
    expect(hub.followerCount()).toBe(1)
    reader.close()
    expect(hub.followerCount()).toBe(0)
    expect(() => hub.deliver({ items: [textItem(0, 'a')] })).not.toThrow()
  })
})
