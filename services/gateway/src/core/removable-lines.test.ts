import { describe, expect, it } from '@jest/globals'
import { removableLines } from './removable-lines.ts'

const line = (position: number, day = position) => ({
  ...{ position, hash: `h${position}`, previousHash: `h${position - 1}`, at: `2026-01-0${day}T00:00:00.000Z` },
})
const beforeMs = Date.parse('2026-01-04')
const none = () => false
const positions = (lines: { position: number }[]) => lines.map(({ position }) => position)

describe('of a chain', () => {
  it('the old lines at its beginning may go, but no older one behind a young one', () => {
    const data = [line(1), line(2), line(3, 5), line(4, 1), line(5)]
    expect(positions(removableLines({ data, hasMore: true }, { beforeMs, isHeld: none }))).toEqual([1, 2])
  })

  it('what is still needed stays, and all behind it', () => {
    const isHeld = ({ position }: { position: number }) => position === 2
    expect(positions(removableLines({ data: [line(1), line(2), line(3)], hasMore: true }, { beforeMs, isHeld }))).toEqual([1])
  })

  it('the newest line stays, however old it is', () => {
    const data = [line(1), line(2)]
    expect(positions(removableLines({ data, hasMore: false }, { beforeMs, isHeld: none }))).toEqual([1])
    expect(positions(removableLines({ data, hasMore: true }, { beforeMs, isHeld: none }))).toEqual([1, 2])
    expect(removableLines({ data: [], hasMore: false }, { beforeMs, isHeld: none })).toEqual([])
  })
})
