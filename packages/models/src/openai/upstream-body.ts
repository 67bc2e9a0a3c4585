import type { Dispatcher } from 'undici'

/** What comes of a body, as undici tells of it, and who reads it; once, whole or piece by piece. Reading throws what broke it. */
export interface UpstreamBody {
  attach(controller: Dispatcher.DispatchController): void
  add(bytes: Uint8Array): void
  end(failure?: Error): void
  abort(reason: unknown): void
  /** All of it. Throws `tooLarge` beyond the bound. */
  bytes(bytesMax: number, tooLarge: () => Error): Promise<Uint8Array>
  /** What has come since it was last asked for, in one piece, once there is something; undefined at the end. */
  next(): Promise<Uint8Array | undefined>
  /** The same without a wait; undefined when nothing has come. */
  taken(): Uint8Array | undefined
  /** Settles once there is more to take, or the end; undefined at the end. */
  more(): Promise<void> | undefined
}

/** Nothing more is read from a provider while so much waits for a slow reader. */
const waitingBytesMax = 65_536

interface Arrived {
  controller: Dispatcher.DispatchController | undefined
  waiting: Uint8Array[]
  waitingBytes: number
  isEnded: boolean
  failure: Error | undefined
  /** Of a body that is read whole. */
  bound: { bytesMax: number; tooLarge(): Error } | undefined
  /** Whoever waits for more. */
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
