import { halfScale, kernelCode } from './kernel-code.ts'

/** A piece of the kernel's memory that holds rows: as the memory grows, 64 KiB. */
export const blockBytes = 65_536
/** Blocks the memory grows by: each growth detaches what looked at it. */
const grownAtOnce = 16
/** The first block holds what is asked, of 4,096 dimensions at most, and what comes of it. */
const places = { narrow: 0, single: 8_192, scores: 32_768 } as const
const scoresMax = (blockBytes - places.scores) / 4

/** As far as it is needed here: Node's types leave it out. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number }
  Module: new (code: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object, imports: object) => { readonly exports: Exports }
}

/** Compares rows of numbers with a query by the processor's vector instructions, in a memory of its own that never shrinks. */
export type VectorKernel = {
  /** The address of a block that is free; undefined when as many are taken as there may be. */
  take(): number | undefined
  giveBack(blocks: Iterable<number>): void
  /** The whole memory; good until a block is taken. */
  bytes(): Uint8Array<ArrayBuffer>
  /** What is compared with from now on: as 16-bit numbers, none beyond 2,047, and as they are. */
  ask(narrow: Int16Array, query: Float32Array): void
  /** Products of `rows` rows of 8-bit numbers, good until the next call. */
  scan(row: number, rows: number, bytes: number): Int32Array
  /** The product of a row of half-precision numbers. */
  product(row: number, bytes: number): number
}

type Exports = {
  scan(row: number, rows: number, bytes: number, query: number, scores: number): void
  product(row: number, bytes: number, query: number): number
}

export function createVectorKernel(blocksMax: number): VectorKernel {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: blocksMax + 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernelCode()), { host: { memory } })
  const { scan, product } = exports
  const free: number[] = []
  let blocks = 0
  let scores = new Int32Array(memory.buffer, places.scores, scoresMax)

  function grow(): void {
    const more = Math.min(grownAtOnce, blocksMax - blocks)
    memory.grow(more)
    for (let index = more; index > 0; index -= 1) free.push((blocks + index) * blockBytes)
    blocks += more
    scores = new Int32Array(memory.buffer, places.scores, scoresMax)
  }

  return {
    take() {
      if (free.length === 0 && blocks < blocksMax) grow()
      return free.pop()
    },
    giveBack(given) {
      free.push(...given)
    },
    bytes: () => new Uint8Array(memory.buffer),
    ask(narrow, query) {
      new Uint8Array(memory.buffer, 0, places.scores).fill(0)
      new Int16Array(memory.buffer, places.narrow).set(narrow)
      new Float32Array(memory.buffer, places.single).set(query.map((value) => value * halfScale))
    },
    scan(row, rows, bytes) {
      scan(row, rows, bytes, places.narrow, places.scores)
      return scores
    },
    product: (row, bytes) => product(row, bytes, places.single),
  }
}
