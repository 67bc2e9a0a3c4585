import type { AnswerFacts } from '../attempt/answer-facts.ts'
import type { CallGuard } from '../attempt/call-guard.ts'
import type { ModelError } from '../model-error.ts'
import { within } from '../resilience/within.ts'
import { unfinishedStream } from '../upstream/explain-upstream-error.ts'
import { createEventCutter, type EventCutter } from './cut-events.ts'
import type { UpstreamAnswer } from './post-upstream.ts'
import { type ChunkRewriter, createChunkRewriter } from './rewrite-chunk.ts'

export interface StreamRelay {
  provider: string
  publicId: string
  keepsUsage: boolean
  facts: AnswerFacts
  guard: Pick<CallGuard, 'touch' | 'handOver'>
  /** Told how the call ends. */
  ending: StreamEnding
}

/** Ends a call with its stream: `completed` or `failed` is called, or neither when the reader leaves; then `over`. */
export interface StreamEnding {
  completed(): void
  /** Answers the error to throw in its place. */
  failed(thrown: unknown): ModelError
  over(): Promise<void>
}

/** The reader that a stream is poured into. */
export interface EventReader {
  /** Answers a promise when the reader does not keep up; it is awaited before the next write. */
  write(events: string): Promise<void> | undefined
  /** Once it has left, nothing more is written to it. */
  hasLeft(): boolean
}

/** Events that are either taken one by one, or poured to their end. Pouring passes most pieces on in the turn of the event loop in which they come. */
export interface RelayedEvents extends AsyncGenerator<string> {
  /** Writes all events to a reader. Throws what breaks the stream off. Do not mix it with taking events. */
  pour(reader: EventReader): Promise<void>
}

type Answer = Pick<UpstreamAnswer, 'next' | 'taken' | 'more'>

/**
 * Begins to relay a stream, and settles once its first content has come. What breaks the stream before that is thrown here, as if the call had been refused; what
 * breaks it later is thrown by the events.
 */
export async function beginRelay(relay: StreamRelay, answer: Answer): Promise<RelayedEvents> {
  const reading: Reading = { ...relay, answer, cutter: createEventCutter(relay.provider), rewriter: createChunkRewriter(relay) }
  const rest = relayEvents(reading)
  const { facts } = relay
  let begin = ''
  let isOver = false
  while (!isOver && !facts.hasContent && facts.finishReason === undefined) {
    const next = await rest.next()
    if (next.done) isOver = true
    else begin += next.value
  }
  return beginningWith(begin, rest, async (reader) => {
    try {
      if (begin !== '') await reader.write(begin)
      if (!isOver && !reader.hasLeft()) await pourEvents(reading, reader)
    } finally {
      await rest.return(undefined)
    }
  })
}

/** Puts the first events before the others. Written by hand, because a generator around a generator would take a second turn of the event loop for every piece. */
function beginningWith(begin: string, rest: AsyncGenerator<string>, pour: RelayedEvents['pour']): RelayedEvents {
  let hasBegun = begin === ''
  return {
    pour,
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

interface Reading extends StreamRelay {
  answer: Answer
  cutter: EventCutter
  rewriter: ChunkRewriter
}

async function* relayEvents(reading: Reading): AsyncGenerator<string> {
  const { guard, ending, answer, rewriter } = reading
  const next = () => (rewriter.isDone() ? within(endMaxMs, answer.next(), () => undefined) : answer.next())
  try {
    for (let bytes = await next(); bytes !== undefined; bytes = await next()) {
      const events = hear(reading, bytes)
      if (events !== '') {
        guard.handOver()
        yield events
        guard.touch()
      }
      if (rewriter.failure() !== undefined) throw rewriter.failure()
    }
    yield* lastEvents(reading)
    ending.completed()
  } catch (thrown) {
    throw ending.failed(thrown)
  } finally {
    await ending.over()
  }
}

/** Does what `relayEvents` does, for a stream that it has begun. The caller ends that one, which ends the call. */
async function pourEvents(reading: Reading, reader: EventReader): Promise<void> {
  const { guard, ending, answer, rewriter } = reading
  try {
    guard.touch()
    for (;;) {
      if (rewriter.failure() !== undefined) throw rewriter.failure()
      const bytes = answer.taken()
      if (bytes === undefined) {
        const more = answer.more()
        if (more === undefined) break
        if (!rewriter.isDone()) await more
        else if (await isLeftOpen(more)) break
        continue
      }
      const events = hear(reading, bytes)
      const room = events === '' ? undefined : reader.write(events)
      if (room !== undefined) {
        guard.handOver()
        await room
        guard.touch()
      }
      if (reader.hasLeft()) return
    }
    for (const events of lastEvents(reading)) await reader.write(events)
    ending.completed()
  } catch (thrown) {
    throw ending.failed(thrown)
  }
}

/** Rewrites the events that these bytes complete. Only whole events count as a sign of life: an event that trickles in, or mere comments, are silence. */
function hear({ cutter, rewriter, guard }: Reading, bytes: Uint8Array): string {
  const events = rewriter.rewrite(cutter.add(bytes))
  if (events !== '') guard.touch()
  return events
}

function* lastEvents({ cutter, rewriter, facts, provider }: Reading): Generator<string> {
  const last = rewriter.rewrite(cutter.rest().trim())
  if (last !== '') yield last
  if (facts.finishReason === undefined) throw unfinishedStream(provider)
  if (!rewriter.isDone()) yield 'data: [DONE]\n\n'
}

function isLeftOpen(end: Promise<void>): Promise<boolean> {
  const ended = end.then(() => false)
  return within(endMaxMs, ended, () => true)
}

/** How long the end of the body is waited for after the last event. It comes at once, unless a server or a proxy leaves the connection open. */
const endMaxMs = 250
