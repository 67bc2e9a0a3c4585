import { describe, expect, it } from '@jest/globals'
import type { SessionEvent } from '@weft/contracts'
import { createEventOrder } from './order-events.ts'

const event = (seq: number, type: SessionEvent['type'] = 'step.progress'): SessionEvent => ({
  seq,
  at: '2026-01-01T00:00:00Z',
  type,
  sessionId: 's',
  turn: 1,
})
const seqs = (events: SessionEvent[]) => events.map(({ seq }) => seq)

describe('events arriving out of order', () => {
  it('come out in order, each once', () => {
    const order = createEventOrder()
    expect(seqs(order.accept(event(6, 'turn.accepted'), 0))).toEqual([6])
    expect(seqs(order.accept(event(8), 1))).toEqual([])
    expect(seqs(order.accept(event(8), 2))).toEqual([])
    expect(seqs(order.accept(event(7), 3))).toEqual([7, 8])
    expect(seqs(order.accept(event(7), 4))).toEqual([])
  })

  it('wait only briefly for one that was lost', () => {
    const order = createEventOrder()
    order.accept(event(1, 'turn.accepted'), 0)
    order.accept(event(3), 10)
    expect(order.dueAtMs()).toBe(210)
    expect(seqs(order.due(209))).toEqual([])
    expect(seqs(order.due(210))).toEqual([3])
    expect(seqs(order.accept(event(2), 211))).toEqual([])
    expect(seqs(order.accept(event(4), 212))).toEqual([4])
  })

  it('start without the first one too', () => {
    const order = createEventOrder()
    expect(seqs(order.accept(event(12), 0))).toEqual([])
    expect(seqs(order.accept(event(11), 5))).toEqual([])
    expect(seqs(order.due(200))).toEqual([])
    expect(seqs(order.due(205))).toEqual([11, 12])
  })
})
