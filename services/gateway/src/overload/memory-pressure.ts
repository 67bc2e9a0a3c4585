import { getHeapStatistics } from 'node:v8'

export interface MemoryBounds {
  /** Resident memory of this process, in megabytes; not bounded without. */
  rssMbMax?: number | undefined
  /** The share of the heap's limit, at which the process would die, that may be in use; default 0.85. */
  heapShareMax?: number
}

export interface MemoryReading {
  heapBytes: number
  heapBytesMax: number
  /** Read only where it is bounded: asking for it costs as much as several requests. */
  readonly rssBytes: number
}

const megabyte = 1_048_576
const heapShareDefault = 0.85
const readEveryMs = 250

/** Returns a function that says why nothing more may be taken on because memory runs short; undefined while it may. Memory is measured at most four times a second. */
export function watchMemory(
  bounds: MemoryBounds,
  read: () => MemoryReading = readMemory,
  nowMs = () => performance.now(),
): () => string | undefined {
  const { rssMbMax, heapShareMax = heapShareDefault } = bounds
  let readAtMs = Number.NEGATIVE_INFINITY
  let reason: string | undefined
  return () => {
    if (nowMs() - readAtMs < readEveryMs) return reason
    readAtMs = nowMs()
    const memory = read()
    const { heapBytes } = memory
    const isHeapShort = heapBytes > memory.heapBytesMax * heapShareMax
    const isRssShort = rssMbMax !== undefined && memory.rssBytes > rssMbMax * megabyte
    reason =
      isHeapShort || isRssShort
        ? `memory is short (${Math.round((isHeapShort ? heapBytes : memory.rssBytes) / megabyte)} MB in use)`
        : undefined
    return reason
  }
}

function readMemory(): MemoryReading {
  const { used_heap_size: heapBytes, heap_size_limit: heapBytesMax } = getHeapStatistics()
  return {
    heapBytes,
    heapBytesMax,
    get rssBytes() {
      return process.memoryUsage.rss()
    },
  }
}
