import { hasCode } from '@weft/contracts'
import type { ArchiveLine } from './archive-folder.ts'
import { archiveSession } from './archive-session.ts'
import type { OldSession } from './retention-store.ts'
import type { SweepBatch, SweepDeps, SweptBatch } from './sweep-batch.ts'

const batchMax = 50
/** Deleting more at once would slow down those who use the mesh meanwhile. */
const deletedAtOnce = 4
/** How often the lease is extended while a session is written: well before it ends, and however long the session is. */
const confirmEveryMs = 5_000

/**
 * Moves one batch of sessions that ended long ago to the archive, with the sessions that they opened, and deletes them as a DELETE would. A session in which
 * something happened meanwhile stays.
 */
export async function sweepSessions(
  deps: SweepDeps,
  batch: SweepBatch,
  { days, after }: { days: number; after?: OldSession | undefined },
): Promise<SweptBatch> {
  const { store } = deps
  const { tenant } = batch
  const roots = await store.oldSessions({ tenant, days, after, limit: batchMax })
  if (roots.length === 0) return { removed: 0, problems: [], next: undefined }
  const members = await store.families(
    tenant,
    roots.map(({ sessionId }) => sessionId),
  )
  const { archived, problems } = await archive(deps, batch, members)
  const families = roots.map((root) => [root, members.filter((each) => each.rootSessionId === root.sessionId)] as const)
  const whole = families.filter(([, family]) => family.length > 0 && family.every((each) => archived.has(each)))
  const deleted = await deleteFamilies(deps, tenant, new Map(whole))
  const last = roots.at(-1)
  return {
    removed: deleted.count,
    problems: [...problems, ...deleted.problems],
    // The next batch begins after sessions that stay; the next round looks at those again.
    next: roots.length === batchMax ? () => sweepSessions(deps, batch, { days, after: last }) : undefined,
    after: last,
  }
}

/**
 * Writes sessions to the archive, unless an earlier sweep wrote them as they are now. Answers all that are there. The audit log has a note of them before any is
 * deleted.
 */
async function archive(deps: SweepDeps, { tenant, by, confirm }: SweepBatch, members: OldSession[]) {
  const fresh = members.filter(({ archivedSeq, lastSeq }) => archivedSeq !== lastSeq)
  const earlier = members.filter((each) => !fresh.includes(each))
  if (fresh.length === 0) return { archived: new Set(earlier), problems: [] }
  let confirmedMs = deps.nowMs()
  const write = async (line: ArchiveLine, text: string) => {
    if (Math.abs(deps.nowMs() - confirmedMs) >= confirmEveryMs) {
      await confirm()
      confirmedMs = deps.nowMs()
    }
    await line.write(text)
  }
  const { file, written, problems } = await deps.archive.append({
    tenant,
    kind: 'sessions',
    items: fresh,
    confirm,
    line: (old, line) => archiveSession(deps.parts, { tenant, old, line: { write: (text) => write(line, text) } }),
  })
  await confirm()
  if (written.length > 0) {
    const details = { sessions: written.length }
    await deps.audit.note(by, { action: 'sessions.archived', target: file, tenant, details })
    await deps.store.noteArchived(tenant, written)
  }
  return { archived: new Set([...earlier, ...written]), problems: problems.filter(isStay) }
}

/** Whether an error means that a session stays: not when somebody else deleted it meanwhile. */
function isStay(cause: unknown): boolean {
  return !hasCode(cause, 'not_found')
}

/** Answers how many sessions were deleted, counting those that they had opened. */
async function deleteFamilies({ sessions }: SweepDeps, tenant: string, families: Map<OldSession, OldSession[]>) {
  const problems: unknown[] = []
  let count = 0
  const left = [...families]
  const workers = Array.from({ length: deletedAtOnce }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [{ sessionId, lastSeq }, members] = next
      try {
        if (await sessions.expire({ tenant, sessionId }, lastSeq)) count += members.length
      } catch (cause) {
        problems.push(cause)
      }
    }
  })
  await Promise.all(workers)
  return { count, problems: problems.filter(isStay) }
}
