/** What a process did since the last look, as a share of one core, and by how much its heap has grown since it was last collected, in bytes. */
export interface Look {
  share: number
  grownBytes: number
}

/** Below this share of one core nobody is waiting for the 20 to 80 ms that a full collection takes. */
const idleShare = 0.03
/** Less than this since the last collection is not worth one. */
const grownBytesMin = 8_388_608
/** Looks without work before a process that has been collected is collected again. */
const idleLooks = 12

/**
 * Answers at every look whether to collect now. What starting left behind goes at once. A process that has worked since goes on more slowly after a
 * collection, which drops compiled code and has the heap grow anew: only a longer rest is taken for the end of its work.
 */
export function createIdleJudge(): (look: Look) => boolean {
  let quietLooks = 0
  let isStarting = true
  return ({ share, grownBytes }) => {
    quietLooks = share < idleShare ? quietLooks + 1 : 0
    const isAtRest = quietLooks >= (isStarting ? 1 : idleLooks)
    if (!isAtRest || grownBytes < grownBytesMin) return false
    isStarting = false
    return true
  }
}
