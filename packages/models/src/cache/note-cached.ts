import type { CallContent } from '../attempt/call-content.ts'
import type { CallLedger } from '../attempt/call-controls.ts'
import { newCallId } from '../attempt/call-id.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import type { ModelInfo } from '../registry/catalog.ts'

export interface CachedUse {
  model: ModelInfo
  /** On whose account the model would have been called. */
  scope: CallScope
  content: Omit<CallContent, 'inputTokens'>
  /** As counted when the model was asked for the answer. */
  inputTokens: number
  outputTokens: number
  receipt?: object | undefined
}

/** Records in the ledger a call that was not made, because an earlier answer was given again. It costs nothing. Throws what the ledger throws. */
export async function noteCached(
  ledger: CallLedger,
  { model, scope, content, inputTokens, outputTokens, receipt }: CachedUse,
): Promise<void> {
  const startedAt = performance.now()
  const callId = newCallId()
  const account = { callId, firstCallId: callId, kind: 'chat' as const, attempt: 1, scope }
  const entry = await ledger.begin({ ...account, model, ...content, inputTokens, receipt }, () => 0)
  const usage = { inputTokens, outputTokens, costUsd: 0, measured: true, priceKnown: model.priceKnown }
  entry.end({ usage, outcome: { kind: 'cached' }, durationMs: performance.now() - startedAt })
}
