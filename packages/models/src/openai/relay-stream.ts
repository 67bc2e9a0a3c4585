import type { AnswerFacts } from '../attempt/answer-facts.ts'
import type { CallGuard } from '../attempt/call-guard.ts'
import type { ModelError } from '../model-error.ts'
import { within } from '../resilience/within.ts'
import { unfinishedStream } from '../upstream/explain-upstream-error.ts'
import { createEventCutter } from './cut-events.ts'
import type { UpstreamAnswer } from './post-upstream.ts'
import { createChunkRewriter } from './rewrite-chunk.ts'

export interface StreamRelay {
  provider: string
  publicId: string
  keepsUsage: boolean
  facts: AnswerFacts
  guard: Pick<CallGuard, 'touch' | 'handOver'>
  /** Of the call: told once it is over. */
  ending: StreamEnding
}

/** What becomes of a call with its stream: one of the first two is called, or none when the reader leaves; then the last. */
export interface StreamEnding {
  completed(): void
  /** Answers what is thrown instead. */
  failed(thrown: unknown): ModelError
  over(): Promise<void>
}

/**
 * The events of a stream. As long as no content has come, the call may still fail like one that was refused: what breaks it then is thrown here, later
 * by the events.
 */
export async function beginRelay(relay: StreamRelay, answer: Pick<UpstreamAnswer, 'next'>): Promise<AsyncGenerator<string>> {
  const rest = relayEvents(relay, answer)
  const { facts } = relay
  let begin = ''
  while (!facts.hasContent && facts.finishReason === undefined) {
    const next = await rest.next()
    if (next.done) break
    begin += next.value
  }
  return begin === '' ? rest : beginningWith(begin, rest)
}

/** No generator around a generator: that would be a second turn for every piece. */
function beginningWith(begin: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  let hasBegun = false
  return {
    next() {
      if (hasBegun) return rest.next()
      hasBegun = true
      return Promise.resolve({ value: begin, done: false })
    },
    return: (value) => rest.return(value),
    throw: (thrown) => rest.throw(thrown),
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  }
}

async function* relayEvents(relay: StreamRelay, answer: Pick<UpstreamAnswer, 'next'>): AsyncGenerator<string> {
  const { provider, guard, facts, ending } = relay
  const cutter = createEventCutter(provider)
  const rewriter = createChunkRewriter(relay)
  const next = () => (rewriter.isDone() ? within(endMaxMs, answer.next(), () => undefined) : answer.next())
  try {
    for (let bytes = await next(); bytes !== undefined; bytes = await next()) {
      const events = rewriter.rewrite(cutter.add(bytes))
      // Only whole events count: one that trickles in byte by byte, or comments alone, are silence.
      if (events !== '') {
        guard.touch()
        guard.handOver()
        yield events
        guard.touch()
      }
      if (rewriter.failure() !== undefined) throw rewriter.failure()
    }
    const last = rewriter.rewrite(cutter.rest().trim())
    if (last !== '') yield last
    if (facts.finishReason === undefined) throw unfinishedStream(provider)
    if (!rewriter.isDone()) yield 'data: [DONE]\n\n'
    ending.completed()
  } catch (thrown) {
    throw ending.failed(thrown)
  } finally {
    await ending.over()
  }
}

/** A body ends right after its last event; where a server or a proxy leaves it open nobody waits longer than this. */
const endMaxMs = 250
