import type { ServerResponse } from 'node:http'
import { WeftError } from '@weft/contracts'
import { invalidKey, type KeyIdentity } from '../core/api-key.ts'
import { whenClosed } from './when-closed.ts'

/** One answer in the making: `signal` aborts when its reader has gone, its key is revoked, or the gateway stops. */
export interface OpenAnswer {
  readonly signal: AbortSignal
  /** Why the answer must end early, which its reader is to be told; undefined while it may go on, and when the reader has left. */
  endReason(): WeftError | undefined
  /** Whether the reader hung up before the answer was complete. */
  hasReaderLeft(): boolean
}

export interface OpenStreams {
  open(identity: KeyIdentity, response: ServerResponse): OpenAnswer
  /** Ends everything a key has open. */
  revoke(keyId: string): void
  /** Ends what is open with keys that are no longer good. Done every 5 s anyway. */
  sweep(): Promise<void>
  /** Ends everything, saying why. */
  endAll(reason: WeftError): void
  count(): number
  stop(): void
}

const sweepIntervalMs = 5_000

export function createOpenStreams(options: {
  findValid(keyIds: string[]): Promise<Set<string>>
  /** Called with a key that is no longer good before its answers are ended, so that it cannot open new ones. */
  onInvalid(keyId: string): void
  onProblem: (cause: unknown) => void
}): OpenStreams {
  const byKey = new Map<string, Set<AbortController>>()
  const timer = setInterval(() => sweep().catch(options.onProblem), sweepIntervalMs)
  timer.unref()

  function end(keyId: string, reason: WeftError): void {
    for (const controller of byKey.get(keyId) ?? []) controller.abort(reason)
  }

  async function sweep(): Promise<void> {
    const keyIds = [...byKey.keys()]
    if (keyIds.length === 0) return
    const valid = await options.findValid(keyIds)
    for (const keyId of keyIds) {
      if (valid.has(keyId)) continue
      options.onInvalid(keyId)
      end(keyId, invalidKey())
    }
  }

  return {
    open({ keyId }, response) {
      const controller = new AbortController()
      const open = byKey.get(keyId) ?? new Set()
      byKey.set(keyId, open.add(controller))
      whenClosed(response, () => {
        open.delete(controller)
        if (open.size === 0 && byKey.get(keyId) === open) byKey.delete(keyId)
        if (!response.writableFinished) controller.abort(readerLeft)
      })
      if (response.destroyed) controller.abort(readerLeft)
      return {
        signal: controller.signal,
        endReason: () => (controller.signal.reason instanceof WeftError ? controller.signal.reason : undefined),
        hasReaderLeft: () => controller.signal.reason === readerLeft,
      }
    },
    revoke: (keyId) => end(keyId, invalidKey()),
    sweep,
    endAll(reason) {
      for (const keyId of byKey.keys()) end(keyId, reason)
    },
    count: () => Array.from(byKey.values(), (open) => open.size).reduce((sum, size) => sum + size, 0),
    stop: () => clearInterval(timer),
  }
}

const readerLeft = new Error('the reader has gone')
