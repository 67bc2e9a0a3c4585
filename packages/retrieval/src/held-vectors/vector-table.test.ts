import { expect, it } from '@jest/globals'
import { widenHalves } from './narrow-numbers.ts'
import { blockBytes, createVectorKernel } from './vector-kernel.ts'
import { createVectorTable, type HeldChunk } from './vector-table.ts'

const dimensions = 70
const perBlock = Math.floor(blockBytes / (3 * 96))
const random = seededRandom(7)

it('finds what comparing every vector finds, also when many are nearly as close and a chunk has several', () => {
  const table = createVectorTable(createVectorKernel(10), dimensions)
  const common = halvesOf(0.5)
  const held = Array.from({ length: 3 * perBlock }, (_, at) => {
    const halves = at % 2 === 0 ? halvesOf(0.5) : common.map((half) => half ^ (random() < 0.05 ? 1 : 0))
    return { chunk: chunkOf(Math.floor(at / 3)), n: at % 3, halves }
  })
  for (const { chunk, n, halves } of held) expect(table.put(chunk, n, halves)).toBe(true)
  for (const query of [queryOf(), widenHalves(common)]) {
    for (const limit of [1, 10, 100]) expectClosest(table.search(query, limit), closest(held, query, limit))
  }
})

it('forgets what is removed, has what is put again once, and gives the room to others', () => {
  const kernel = createVectorKernel(2)
  const [first, second] = [createVectorTable(kernel, dimensions), createVectorTable(kernel, dimensions)]
  const held = Array.from({ length: 2 * perBlock }, (_, at) => ({ chunk: chunkOf(at), n: 0, halves: halvesOf(0.5) }))
  for (const { chunk, n, halves } of held) first.put(chunk, n, halves)
  expect(second.put(chunkOf(0), 0, halvesOf(1))).toBe(false)

  const left = held.filter((_, at) => at % 3 === 0)
  for (const { chunk } of held) if (!left.some((each) => each.chunk === chunk)) first.remove(chunk.chunkId)
  for (const each of left.slice(0, 5)) {
    each.halves = halvesOf(0.9)
    first.put(each.chunk, 0, each.halves)
  }
  const query = queryOf()
  expectClosest(first.search(query, held.length), closest(left, query, held.length))
  expect(second.put(chunkOf(0), 0, halvesOf(1))).toBe(true)
  expect(second.search(query, 10)).toHaveLength(1)

  first.clear()
  expect(first.search(query, 10)).toEqual([])
  expect(first.put(chunkOf(1), 0, halvesOf(1))).toBe(true)
})

type Held = { chunk: HeldChunk; n: number; halves: Uint16Array }

function closest(held: Held[], query: Float32Array, limit: number): { chunkId: string; score: number }[] {
  const best = new Map<string, number>()
  for (const { chunk, halves } of held) {
    const score = widenHalves(halves).reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0)
    best.set(chunk.chunkId, Math.max(score, best.get(chunk.chunkId) ?? -1_000))
  }
  return [...best]
    .map(([chunkId, score]) => ({ chunkId, score }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
}

/** Those that are equally close may come in another order. */
function expectClosest(found: { chunkId: string; score: number }[], wanted: { score: number }[]): void {
  expect(found).toHaveLength(wanted.length)
  expect(new Set(found.map(({ chunkId }) => chunkId)).size).toBe(wanted.length)
  for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(wanted[at]?.score ?? Number.NaN, 5)
}

function chunkOf(at: number): HeldChunk {
  return { chunkId: String(at), fileId: 'file', n: at, startOffset: at, endOffset: at + 1, documentId: undefined }
}

/** Of numbers up to 2 to the power of -1 and less, of either sign. */
function halvesOf(share: number): Uint16Array {
  return Uint16Array.from({ length: dimensions }, () => (random() < 0.5 ? 0x8000 : 0) | Math.floor(share * random() * 0x3800))
}

function queryOf(): Float32Array {
  return Float32Array.from({ length: dimensions }, () => random() - 0.5)
}

function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
