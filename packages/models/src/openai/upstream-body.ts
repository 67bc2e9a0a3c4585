import type { Dispatcher } from 'undici'

/** A body between undici, which adds to it, and its reader, who reads it once, whole or piece by piece. Reading throws what broke it off. */
export interface UpstreamBody {
  attach(controller: Dispatcher.DispatchController): void
  add(bytes: Uint8Array): void
  end(failure?: Error): void
  abort(reason: unknown): void
  /** The whole body. Throws `tooLarge` when it has more than `bytesMax`. */
  bytes(bytesMax: number, tooLarge: () => Error): Promise<Uint8Array>
  /** Waits until something has come, and answers all that came since the last time, as one piece; undefined at the end. */
  next(): Promise<Uint8Array | undefined>
  /** What has come since the last time, without waiting; undefined when nothing has. */
  taken(): Uint8Array | undefined
  /** Settles once there is more to take, or the body has ended; undefined, not a promise, at the end. */
  more(): Promise<void> | undefined
}

/** While more than this waits for a slow reader, nothing more is read from the provider. */
const waitingBytesMax = 65_536

interface Arrived {
  controller: Dispatcher.DispatchController | undefined
  waiting: Uint8Array[]
  waitingBytes: number
  isEnded: boolean
  failure: Error | undefined
  /** The bound of a body that is read whole. */
  bound: { bytesMax: number; tooLarge(): Error } | undefined
  /** Settles for the reader that waits for more. */
  more: PromiseWithResolvers<void> | undefined
}

export function createUpstreamBody(): UpstreamBody {
  const arrived: Arrived = {
    controller: undefined,
    waiting: [],
    waitingBytes: 0,
    isEnded: false,
    failure: undefined,
    bound: undefined,
    more: undefined,
  }
  return {
    attach(controller) {
      arrived.controller = controller
    },
    add(bytes) {
      arrived.waiting.push(bytes)
      arrived.waitingBytes += bytes.length
      keepBound(arrived)
      if (arrived.bound === undefined) wake(arrived)
    },
    end(failure) {
      arrived.isEnded = true
      arrived.failure = failure
      wake(arrived)
    },
    abort: (reason) => abort(arrived, reason),
    async bytes(bytesMax, tooLarge) {
      arrived.bound = { bytesMax, tooLarge }
      keepBound(arrived)
      resume(arrived)
      if (!arrived.isEnded) await somethingMore(arrived)
      if (arrived.failure !== undefined) throw arrived.failure
      return take(arrived)
    },
    async next() {
      if (arrived.waitingBytes === 0) await more(arrived)
      return taken(arrived)
    },
    taken: () => taken(arrived),
    more: () => more(arrived),
  }
}

function taken(arrived: Arrived): Uint8Array | undefined {
  if (arrived.waitingBytes > 0) return take(arrived)
  if (arrived.failure !== undefined) throw arrived.failure
  return undefined
}

function more(arrived: Arrived): Promise<void> | undefined {
  return arrived.isEnded ? undefined : somethingMore(arrived)
}

function take(arrived: Arrived): Uint8Array {
  const { waiting } = arrived
  const [only] = waiting
  arrived.waiting = []
  arrived.waitingBytes = 0
  resume(arrived)
  return waiting.length === 1 && only !== undefined ? only : Buffer.concat(waiting)
}

function keepBound(arrived: Arrived): void {
  const { bound, waitingBytes, controller } = arrived
  if (bound === undefined) {
    if (waitingBytes > waitingBytesMax) controller?.pause()
  } else if (waitingBytes > bound.bytesMax) abort(arrived, bound.tooLarge())
}

function resume({ controller }: Arrived): void {
  if (controller?.paused === true) controller.resume()
}

function abort({ controller }: Arrived, reason: unknown): void {
  controller?.abort(reason instanceof Error ? reason : new Error(String(reason)))
}

function somethingMore(arrived: Arrived): Promise<void> {
  arrived.more = Promise.withResolvers()
  return arrived.more.promise
}

function wake(arrived: Arrived): void {
  arrived.more?.resolve()
  arrived.more = undefined
}
