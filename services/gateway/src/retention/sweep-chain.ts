import type { AuditAction, ChainedAuditLine, ChainedLine } from '@weft/contracts'
import type { ChainName } from '../audit/postgres-anchors.ts'
import { removableLines } from '../core/removable-lines.ts'
import type { ArchiveKind } from './archive-folder.ts'
import type { SweepBatch, SweepDeps, SweptBatch } from './sweep-batch.ts'

const batchMax = 500
const dayMs = 86_400_000

const namesOf = {
  audit: { kind: 'audit', schema: 'weft.audit', action: 'audit.archived' },
  approvals: { kind: 'approval-history', schema: 'weft.approval_history', action: 'approval_history.archived' },
} as const satisfies Record<ChainName, { kind: ArchiveKind; schema: string; action: AuditAction }>

/**
 * Moves the oldest lines of a chain to the archive, with their hashes. The anchor that is left in the database lets the rest of the chain still be verified.
 */
export async function sweepChain(
  deps: SweepDeps,
  batch: SweepBatch,
  { chain, days }: { chain: ChainName; days: number },
): Promise<SweptBatch> {
  const { tenant, by, confirm } = batch
  const { kind, schema, action } = namesOf[chain]
  const lines = await oldLines(deps, tenant, { chain, days })
  if (lines.length === 0) return { removed: 0, problems: [], next: undefined }
  const archivedAt = new Date(deps.nowMs()).toISOString()
  const { file, written, problems } = await deps.archive.append({
    tenant,
    kind,
    items: lines,
    confirm,
    line: (entry, line) => line.write(JSON.stringify({ schema, version: 1, archivedAt, tenant, ...entry })),
  })
  await confirm()
  const last = written.at(-1)
  // Only a whole batch is removed: a line that is not in the archive has to stay, and so have all lines after it.
  if (last !== undefined && written.length === lines.length) {
    const details = { lines: written.length, upTo: last.position, hash: last.hash }
    await deps.store.removeLines({ tenant, chain, last }, { by, note: { action, target: file, details } })
  }
  const removed = written.length === lines.length ? lines.length : 0
  const isMoreDue = removed > 0 && lines.length === batchMax
  return { removed, problems, next: isMoreDue ? () => sweepChain(deps, batch, { chain, days }) : undefined }
}

async function oldLines(
  { audit, approvals, store, nowMs }: SweepDeps,
  tenant: string,
  { chain, days }: { chain: ChainName; days: number },
): Promise<(ChainedAuditLine | ChainedLine)[]> {
  const beforeMs = nowMs() - days * dayMs
  const query = { tenant, limit: batchMax, after: undefined }
  if (chain === 'audit') return removableLines(await audit.list(query), { beforeMs, isHeld: () => false })
  const page = await approvals.history({ ...query, approvalId: undefined })
  const unfinished = await store.unfinished(tenant, [...new Set(page.data.map(({ sessionId }) => sessionId))])
  return removableLines(page, { beforeMs, isHeld: ({ sessionId }) => unfinished.has(sessionId) })
}
