import type { SweepBatch, SweepDeps, SweptBatch } from './sweep-batch.ts'

const batchMax = 500

/** Moves one batch of old calls from the ledger to the archive. */
export async function sweepCalls(deps: SweepDeps, batch: SweepBatch, days: number): Promise<SweptBatch> {
  const { store, archive, nowMs } = deps
  const { tenant, by, confirm } = batch
  const calls = await store.oldCalls({ tenant, days, limit: batchMax })
  if (calls.length === 0) return { removed: 0, problems: [], next: undefined }
  const archivedAt = new Date(nowMs()).toISOString()
  const { file, written, problems } = await archive.append({
    tenant,
    kind: 'calls',
    items: calls,
    confirm,
    line: (call, line) => line.write(JSON.stringify({ schema: 'weft.call', version: 1, archivedAt, tenant, ...call })),
  })
  await confirm()
  const note = { action: 'calls.archived', target: file, details: { calls: written.length } } as const
  if (written.length > 0) await store.removeCalls(tenant, written, { by, note })
  const isMoreDue = calls.length === batchMax && written.length > 0
  return { removed: written.length, problems, next: isMoreDue ? () => sweepCalls(deps, batch, days) : undefined }
}
