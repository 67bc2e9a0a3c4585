import { narrowNumbers, widenHalves } from './narrow-numbers.ts'
import { blockBytes, type VectorKernel } from './vector-kernel.ts'

/** Vectors in the kernel's memory, in slots from 0 on: each in eight bits, and as it is stored. */
export type VectorRows = {
  /** Makes room for a slot, the next one after those there are. Answers false when there is none. */
  reserve(slot: number): boolean
  /** `halves`: bits of half-precision numbers. */
  write(slot: number, halves: Uint16Array): void
  move(from: number, to: number): void
  /** Gives back what only the last slot took. */
  release(last: number): void
  clear(): void
  /** About how close each of the first `count` vectors is, and by how much that is off at most. Asks the kernel for the query. */
  estimate(count: number, query: Float32Array): { closeness: Float32Array; error: number }
  /** How close a vector is to the query that was asked for last. */
  product(slot: number): number
}

/** The largest 8-bit number, and one of which 4,096 products with it add up to no more than 32 bits hold. */
const most = { vector: 127, query: 2_047 }
/** Single-precision numbers are added up: of the product of both lengths, they may be off by this. */
const rounding = 1e-5

export function createVectorRows(kernel: VectorKernel, dimensions: number): VectorRows {
  const narrowBytes = Math.ceil(dimensions / 32) * 32
  const perBlock = Math.floor(blockBytes / (3 * narrowBytes))
  const blocks: number[] = []
  const steps: number[] = []
  const largest = { error: 0, length: 0 }

  const blockOf = (slot: number) => blocks[Math.floor(slot / perBlock)] ?? 0
  const narrowAt = (slot: number) => blockOf(slot) + (slot % perBlock) * narrowBytes
  const halvesAt = (slot: number) => blockOf(slot) + (perBlock + 2 * (slot % perBlock)) * narrowBytes

  return {
    reserve(slot) {
      if (slot < blocks.length * perBlock) return true
      const block = kernel.take()
      if (block !== undefined) blocks.push(block)
      return block !== undefined
    },
    write(slot, halves) {
      const { buffer } = kernel.bytes()
      const { numbers, step, error, length } = narrowNumbers(widenHalves(halves), most.vector)
      new Int8Array(buffer, narrowAt(slot), narrowBytes).fill(0).set(numbers)
      new Uint16Array(buffer, halvesAt(slot), narrowBytes).fill(0).set(halves)
      steps[slot] = step
      largest.error = Math.max(largest.error, error)
      largest.length = Math.max(largest.length, length)
    },
    move(from, to) {
      kernel.bytes().copyWithin(narrowAt(to), narrowAt(from), narrowAt(from) + narrowBytes)
      kernel.bytes().copyWithin(halvesAt(to), halvesAt(from), halvesAt(from) + 2 * narrowBytes)
      steps[to] = steps[from] ?? 0
    },
    release(last) {
      if (last % perBlock === 0) kernel.giveBack(blocks.splice(-1))
    },
    clear: () => kernel.giveBack(blocks.splice(0)),
    estimate(count, query) {
      const { numbers, step: stepOfQuery, error, length } = narrowNumbers(query, most.query)
      kernel.ask(numbers, query)
      const closeness = new Float32Array(count)
      for (const [index, block] of blocks.entries()) {
        const from = index * perBlock
        const rows = Math.min(perBlock, count - from)
        const products = kernel.scan(block, rows, narrowBytes)
        for (let row = 0; row < rows; row += 1)
          closeness[from + row] = (products[row] ?? 0) * (steps[from + row] ?? 0) * stepOfQuery
      }
      return { closeness, error: largest.error * (length + error) + largest.length * (error + rounding * length) }
    },
    product: (slot) => kernel.product(halvesAt(slot), 2 * narrowBytes),
  }
}
