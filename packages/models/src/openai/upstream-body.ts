import type { Dispatcher } from 'undici'

/** What comes of a body, as undici tells of it, and who reads it; once, in one of both ways. Reading throws what broke it. */
export interface UpstreamBody {
  attach(controller: Dispatcher.DispatchController): void
  add(bytes: Uint8Array): void
  end(failure?: Error): void
  abort(reason: unknown): void
  /** All of it. Throws `tooLarge` beyond the bound. */
  bytes(bytesMax: number, tooLarge: () => Error): Promise<Uint8Array>
  /** As it comes; what came while nobody asked comes together. Leaving early ends the call. */
  pieces(): AsyncGenerator<Uint8Array>
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
    pieces: () => piecesOf(arrived),
  }
}

async function* piecesOf(arrived: Arrived): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      if (arrived.waitingBytes > 0) yield take(arrived)
      else if (arrived.failure !== undefined) throw arrived.failure
      else if (arrived.isEnded) return
      else await somethingMore(arrived)
    }
  } finally {
    if (!arrived.isEnded) abort(arrived, new Error('the answer was not read to its end'))
  }
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
