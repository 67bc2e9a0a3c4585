import { type AuditLine, type ChainedAuditLine, chainAfter, chainStart, hashAuditLine } from '@weft/contracts'
import type { AuditedStores, AuditLog, AuditNote } from '../audit/audit-log.ts'

/** An audit log in memory; what fails has done nothing only where its stores see to that. */
export function createMemoryAudit(stores: AuditedStores): AuditLog {
  const lines = new Map<string, ChainedAuditLine[]>()
  const linesOf = (tenant: string) => lines.get(tenant) ?? []
  const act: AuditLog['act'] = async (by, perform) => {
    const notes: AuditNote[] = []
    const result = await perform(stores, (note) => void notes.push(note))
    for (const { tenant = by.tenant, action, target, details = {} } of notes) {
      const fresh: Omit<AuditLine, 'position'>[] = [{ at: '2026-11-01T00:00:00.000Z', by, action, target, details }]
      for (const each of new Set([tenant, by.tenant]))
        lines.set(each, [...linesOf(each), ...chainAfter(linesOf(each).at(-1) ?? chainStart, fresh, hashAuditLine)])
    }
    return result
  }
  return {
    act,
    note: (by, note) => act(by, async (_stores, take) => take(note)),
    anchor: async () => undefined,
    async list({ tenant, limit, after = 0 }) {
      const rest = linesOf(tenant).slice(after)
      return { data: rest.slice(0, limit), hasMore: rest.length > limit }
    },
  }
}
