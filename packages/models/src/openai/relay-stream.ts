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
  /** Why reading threw. */
  explain(thrown: unknown): ModelError
}

/** A stream that has begun: the events up to the first content, and those after it. */
export interface RelayedStream {
  begin: string
  rest: AsyncGenerator<string>
}

/** As long as no content has come, the call may still fail like one that was refused: what breaks it then is thrown, later by `rest`. */
export async function beginRelay(relay: StreamRelay, answer: Pick<UpstreamAnswer, 'next'>): Promise<RelayedStream> {
  const rest = relayEvents(relay, answer)
  const { facts } = relay
  let begin = ''
  while (!facts.hasContent && facts.finishReason === undefined) {
    const next = await rest.next()
    if (next.done) break
    begin += next.value
  }
  return { begin, rest }
}

async function* relayEvents(relay: StreamRelay, answer: Pick<UpstreamAnswer, 'next'>): AsyncGenerator<string> {
  const { provider, guard, facts, explain } = relay
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
  } catch (thrown) {
    throw explain(thrown)
  }
}

/** A body ends right after its last event; where a server or a proxy leaves it open nobody waits longer than this. */
const endMaxMs = 250
