import { z } from 'zod'

const Due = z.object({ count: z.number(), oldest: z.string().optional() })
const kinds = ['sessions', 'calls', 'audit', 'approvals'] as const
const Days = z.union([z.number(), z.literal('none')])

export const RetentionState = z.looseObject({
  tenant: z.string(),
  days: z.object({ sessions: Days, calls: Days, audit: Days }),
  due: z.object({ sessions: Due, calls: Due, audit: Due, approvals: Due }),
  removedUntil: z.partialRecord(z.enum(kinds), z.string()),
  archive: z.object({ folder: z.string().nullable(), problem: z.string().nullable() }),
})
export type RetentionState = z.infer<typeof RetentionState>

const Removed = z.object({ sessions: z.number(), calls: z.number(), audit: z.number(), approvals: z.number() })
type Removed = z.infer<typeof Removed>
export const RetentionRun = z.looseObject({ removed: Removed, isMoreDue: z.boolean(), problem: z.string().nullable() })

export const nothingRemoved: Removed = { sessions: 0, calls: 0, audit: 0, approvals: 0 }

export function addRemoved(one: Removed, other: Removed): Removed {
  return {
    sessions: one.sessions + other.sessions,
    calls: one.calls + other.calls,
    audit: one.audit + other.audit,
    approvals: one.approvals + other.approvals,
  }
}

const names = {
  sessions: ['ended session', 'ended sessions'],
  calls: ['call of a model', 'calls of models'],
  audit: ['line of the audit log', 'lines of the audit log'],
  approvals: ['line of the history of approvals', 'lines of the history of approvals'],
} as const

function amountOf(count: number, kind: (typeof kinds)[number]): string {
  return `${count} ${names[kind][count === 1 ? 0 : 1]}`
}

export function describeRetention({ tenant, days, due, removedUntil, archive }: RetentionState): string[] {
  const daysOf = { ...days, approvals: days.audit }
  const { folder, problem } = archive
  return [
    `tenant ${tenant}`,
    ...kinds.map((kind) => {
      const until = removedUntil[kind]
      const gone = until === undefined ? '' : `; in the archive alone until ${until}`
      return `${names[kind][1].padEnd(33)}  ${keptFor(daysOf[kind])}${describeCount(due[kind])}${gone}`
    }),
    `${'archive'.padEnd(33)}  ${folder ?? 'none'}${problem === null ? '' : `: ${problem}; nothing is removed`}`,
  ]
}

export function describeDue(due: RetentionState['due']): string[] {
  const lines = kinds.filter((kind) => due[kind].count > 0).map((kind) => `${amountOf(due[kind].count, kind)}${since(due[kind])}`)
  return lines.length === 0 ? ['nothing is due'] : lines
}

export function describeRemoved(removed: Removed): string {
  const parts = kinds.filter((kind) => removed[kind] > 0).map((kind) => amountOf(removed[kind], kind))
  return parts.length === 0 ? 'nothing was removed' : `in the archive now, and removed: ${parts.join(', ')}`
}

function keptFor(days: z.infer<typeof Days>): string {
  return days === 'none' ? 'kept for ever' : `kept for ${days} days`
}

function describeCount(due: z.infer<typeof Due>): string {
  return due.count === 0 ? '' : `; ${due.count} due${since(due)}`
}

function since({ oldest }: z.infer<typeof Due>): string {
  return oldest === undefined ? '' : `, the oldest of ${oldest}`
}
