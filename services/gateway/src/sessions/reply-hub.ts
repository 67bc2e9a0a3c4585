import type { ReplyBatch, ReplyItem } from '@weft/contracts'

export interface ReplyHub {
  /** Hands every item to whoever follows its session; items nobody follows are dropped. */
  deliver(batch: ReplyBatch): void
  follow(session: { tenant: string; sessionId: string }): ReplyInbox
  followerCount(): number
}

/** What has arrived for one follower since it last looked. It is bounded: a slow reader loses text and events, and has them later from the answer and the log. */
export interface ReplyInbox {
  take(): ReplyItem[]
  /** Resolves when something has arrived, after `timeoutMs`, or when `signal` aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>
  close(): void
}

const itemsMax = 5_000
const charsMax = 1_048_576

export function createReplyHub(): ReplyHub {
  const followers = new Map<string, Set<Inbox>>()

  return {
    deliver(batch) {
      const woken = new Set<Inbox>()
      for (const item of batch.items) {
        const inboxes = followers.get(keyOf(item))
        if (inboxes === undefined) continue
        const size = sizeOf(item)
        for (const inbox of inboxes) {
          inbox.put(item, size)
          woken.add(inbox)
        }
      }
      for (const inbox of woken) inbox.wake()
    },
    follow(session) {
      const key = keyOf(session)
      const inbox = createInbox(() => {
        const left = followers.get(key)
        left?.delete(inbox)
        if (left?.size === 0) followers.delete(key)
      })
      followers.set(key, (followers.get(key) ?? new Set()).add(inbox))
      return inbox
    },
    followerCount: () => Array.from(followers.values(), (set) => set.size).reduce((sum, size) => sum + size, 0),
  }
}

interface Inbox extends ReplyInbox {
  put(item: ReplyItem, size: number): void
  wake(): void
}

function createInbox(onClose: () => void): Inbox {
  let items: ReplyItem[] = []
  let chars = 0
  let waiter: (() => void) | undefined

  return {
    put(item, size) {
      const isFull = items.length >= itemsMax || chars + size > charsMax
      if (isFull && item.kind !== 'end') return
      items.push(item)
      chars += size
    },
    wake: () => waiter?.(),
    take() {
      const taken = items
      items = []
      chars = 0
      return taken
    },
    wait(timeoutMs, signal) {
      if (items.length > 0 || signal.aborted || timeoutMs <= 0) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          waiter = undefined
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal.addEventListener('abort', done)
        waiter = done
      })
    },
    close: onClose,
  }
}

/** In characters. The end of a turn counts nothing, because there is one for each turn and it is never left out. */
function sizeOf(item: ReplyItem): number {
  switch (item.kind) {
    case 'text':
      return item.delta.length
    case 'event':
      return JSON.stringify(item.event).length
    case 'end':
      return 0
  }
}

function keyOf({ tenant, sessionId }: { tenant: string; sessionId: string }): string {
  return `${tenant}.${sessionId}`
}
