/** A look at a process: its work since the last look, as a share of one core, and how much its heap has grown since its last collection. */
export interface Look {
  share: number
  grownBytes: number
}

/** Below this share of a core, nobody has to wait for the 20 to 80 ms that a full collection takes. */
const idleShare = 0.03
/** A heap that has grown less than this is not worth a collection. */
const grownBytesMin = 8_388_608
/** How many looks without work come before a further collection. */
const idleLooks = 12

/**
 * Makes a function that answers at every look whether to collect now. What starting has left is collected soon. After that a process must rest longer, because a
 * collection drops compiled code and makes the heap grow anew, so that a process that goes on working would be slower.
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
