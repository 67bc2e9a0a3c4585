import type { ReplyItem } from '@weft/contracts'

export interface ReplyPublisher {
  /**
   * Queues an item for a topic. `isUrgent` items go out at once, with everything queued before them; or, where a batch of their topic is still on
   * its way to the broker, once that has arrived: the busier the broker, the larger the batches.
   */
  send(topic: string, item: ReplyItem, isUrgent: boolean): void
  stop(): Promise<void>
}

export interface ReplyPublisherOptions {
  publish: (topic: string, batch: { items: ReplyItem[] }) => Promise<void>
  onProblem: (cause: unknown) => void
}

/** Longest wait of an item for its batch. */
const batchMs = 25
const batchItemsMax = 2_000
/** Items handed to the broker and not yet taken by it. Beyond this text is dropped; readers have it from the answer at the end. */
const unsentItemsMax = 50_000

/** One batch per topic per 25 ms over all sessions, so that publishes do not grow with the number of streams. */
export function createReplyPublisher(options: ReplyPublisherOptions): ReplyPublisher {
  const queues = new Map<string, { items: ReplyItem[]; timer: NodeJS.Timeout | undefined; isUrgent: boolean }>()
  const sendingCounts = new Map<string, number>()
  const inFlight = new Set<Promise<void>>()
  let unsentItems = 0

  function send(topic: string, item: ReplyItem, isUrgent: boolean): void {
    if (item.kind === 'text' && unsentItems >= unsentItemsMax) return
    const queue = queues.get(topic) ?? { items: [], timer: undefined, isUrgent: false }
    queues.set(topic, queue)
    append(queue.items, item)
    queue.isUrgent ||= isUrgent
    if ((queue.isUrgent && !sendingCounts.has(topic)) || queue.items.length >= batchItemsMax) flush(topic)
    else queue.timer ??= setTimeout(() => flush(topic), batchMs)
  }

  function flush(topic: string): void {
    const queue = queues.get(topic)
    if (queue === undefined) return
    clearTimeout(queue.timer)
    queues.delete(topic)
    const { items } = queue
    unsentItems += items.length
    sendingCounts.set(topic, (sendingCounts.get(topic) ?? 0) + 1)
    const sending = options.publish(topic, { items }).catch(options.onProblem)
    inFlight.add(sending)
    void sending.finally(() => {
      inFlight.delete(sending)
      unsentItems -= items.length
      noteSent(topic)
    })
  }

  function noteSent(topic: string): void {
    const left = (sendingCounts.get(topic) ?? 1) - 1
    if (left > 0) {
      sendingCounts.set(topic, left)
      return
    }
    sendingCounts.delete(topic)
    if (queues.get(topic)?.isUrgent) flush(topic)
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
  items.push(item)
}

type TextItem = Extract<ReplyItem, { kind: 'text' }>

function continues(last: TextItem, next: TextItem): boolean {
  const isSameStep =
    last.sessionId === next.sessionId && last.tenant === next.tenant && last.turn === next.turn && last.stepId === next.stepId
  return isSameStep && last.attempt === next.attempt && last.offset + last.delta.length === next.offset
}
