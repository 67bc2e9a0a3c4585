import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'

/** A thread for work that would block the event loop. It is started when it is needed, and ends when it has been idle. */
export interface AskedThread<Question, Answer> {
  /** Undefined when no answer came in time. */
  ask(question: Question): Promise<Answer | undefined>
  /** Waits a second for open questions, then answers them with undefined and ends the thread. */
  stop(): Promise<void>
}

export interface AskedThreadOptions<Answer> {
  /** The thread's module. It gets messages `{ id, question }`, and posts `{ id, answer }`. */
  module: URL
  answer: z.ZodType<Answer>
  /** How many questions the thread may have to answer; a further one gets undefined. */
  waitingMax: number
  /** How long an answer is waited for. */
  patienceMs: number
  /** Whether a thread that does not answer in time is ended, because its work may have no end. */
  endsWhenLate: boolean
  /** How long the thread stays when it has no work. */
  idleMs: number
}

const Message = z.object({ id: z.number(), answer: z.unknown() })
const stopWithinMs = 1_000

interface Asked<Answer> {
  settled: Promise<unknown>
  resolve(answer: Answer | undefined): void
  timer: NodeJS.Timeout
}

export function createAskedThread<Question, Answer>(options: AskedThreadOptions<Answer>): AskedThread<Question, Answer> {
  const { waitingMax, patienceMs, idleMs, endsWhenLate } = options
  const waiting = new Map<number, Asked<Answer>>()
  let thread: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0
  /** How many questions the thread still has to answer, also those that nobody waits for any more. */
  let unanswered = 0
  let isStopped = false

  function settle(id: number, answer: Answer | undefined): void {
    const asked = waiting.get(id)
    if (asked === undefined) return
    waiting.delete(id)
    clearTimeout(asked.timer)
    asked.resolve(answer)
    if (waiting.size === 0) idle = setTimeout(end, idleMs).unref()
  }

  /** Ends the thread; open questions are answered with undefined. The next question starts another one. */
  function end(): Promise<unknown> {
    const ending = thread?.terminate()
    thread = undefined
    unanswered = 0
    for (const id of [...waiting.keys()]) settle(id, undefined)
    clearTimeout(idle)
    return Promise.resolve(ending)
  }

  function start(): Worker {
    const started = new Worker(options.module, { stdout: true, stderr: true })
    started.unref()
    started.on('message', (message: unknown) => {
      if (thread !== started) return
      const { id, answer } = Message.parse(message)
      unanswered -= 1
      settle(id, options.answer.parse(answer))
    })
    started.once('error', () => {
      if (thread === started) void end()
    })
    return started
  }

  function giveUp(id: number): void {
    if (endsWhenLate) void end()
    else settle(id, undefined)
  }

  return {
    ask(question) {
      if (isStopped || unanswered >= waitingMax) return Promise.resolve(undefined)
      clearTimeout(idle)
      thread ??= start()
      const id = ++lastId
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
      waiting.set(id, { settled: promise, resolve, timer: setTimeout(() => giveUp(id), patienceMs).unref() })
      unanswered += 1
      thread.postMessage({ id, question })
      return promise
    },
    async stop() {
      isStopped = true
      const answered = Promise.all([...waiting.values()].map(({ settled }) => settled))
      await Promise.race([answered, sleep(stopWithinMs, undefined, { ref: false })])
      await end()
    },
  }
}
