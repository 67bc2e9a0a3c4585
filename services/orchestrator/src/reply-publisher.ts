import type { ReplyItem } from '@weft/contracts'

export interface ReplyPublisher {
  /** Queues an item for a topic. `isUrgent` items go out at once, with everything queued before them. */
  send(topic: string, item: ReplyItem, isUrgent: boolean): void
  stop(): Promise<void>
}

export interface ReplyPublisherOptions {
  publish: (topic: string, batch: { items: ReplyItem[] }) => Promise<void>
  /** Longest wait of an item for its batch. Default 25 ms. */
  batchMs?: number
  onProblem: (cause: unknown) => void
}

/** Items of one batch at most, and queued for one topic at most; beyond it text is dropped (readers catch up from the answer). */
const batchItemsMax = 2_000
const queuedItemsMax = 50_000

/** One batch per topic per 25 ms over all sessions, so that publishes do not grow with the number of streams. */
export function createReplyPublisher(options: ReplyPublisherOptions): ReplyPublisher {
  const queues = new Map<string, { items: ReplyItem[]; timer: NodeJS.Timeout | undefined }>()
  const inFlight = new Set<Promise<void>>()
  const batchMs = options.batchMs ?? 25

  function send(topic: string, item: ReplyItem, isUrgent: boolean): void {
    const queue = queues.get(topic) ?? { items: [], timer: undefined }
    queues.set(topic, queue)
    append(queue.items, item)
    if (isUrgent || queue.items.length >= batchItemsMax) flush(topic)
    else queue.timer ??= setTimeout(() => flush(topic), batchMs)
  }

  function flush(topic: string): void {
    const queue = queues.get(topic)
    if (queue === undefined) return
    clearTimeout(queue.timer)
    queues.delete(topic)
    const sending = options.publish(topic, { items: queue.items }).catch(options.onProblem)
    inFlight.add(sending)
    void sending.finally(() => inFlight.delete(sending))
  }

  return {
    send,
    async stop() {
      for (const topic of [...queues.keys()]) flush(topic)
      await Promise.all(inFlight)
    },
  }
}

/** Text that continues the text queued last is joined to it. */
function append(items: ReplyItem[], item: ReplyItem): void {
  const last = items.at(-1)
  if (item.kind === 'text' && last?.kind === 'text' && continues(last, item)) {
    items[items.length - 1] = { ...last, delta: last.delta + item.delta }
    return
  }
  if (items.length < queuedItemsMax || item.kind !== 'text') items.push(item)
}

type TextItem = Extract<ReplyItem, { kind: 'text' }>

function continues(last: TextItem, next: TextItem): boolean {
  const isSameStep =
    last.sessionId === next.sessionId && last.tenant === next.tenant && last.turn === next.turn && last.stepId === next.stepId
  return isSameStep && last.attempt === next.attempt && last.offset + last.delta.length === next.offset
}
