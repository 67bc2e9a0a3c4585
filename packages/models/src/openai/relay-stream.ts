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

/** Who a stream is poured to. */
export interface EventReader {
  /** What it answers is waited for: a reader that does not keep up. */
  write(events: string): Promise<void> | undefined
  /** Nothing more is written to one that has left. */
  hasLeft(): boolean
}

/** Events that are taken one after another, or poured to their end: of what only passes, most pieces pass in the turn in which they come. */
export interface RelayedEvents extends AsyncGenerator<string> {
  /** Throws what breaks the stream off. Not to be mixed with taking. */
  pour(reader: EventReader): Promise<void>
}

type Answer = Pick<UpstreamAnswer, 'next' | 'taken' | 'more'>

/**
 * The events of a stream. As long as no content has come, the call may still fail like one that was refused: what breaks it then is thrown here, later
 * by the events.
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

/** No generator around a generator: that would be a second turn for every piece. */
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

/** As `relayEvents`, which has begun and ends the call. */
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

/** Only whole events count: one that trickles in byte by byte, or comments alone, are silence. */
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

/** A body ends right after its last event; where a server or a proxy leaves it open nobody waits longer than this. */
const endMaxMs = 250
