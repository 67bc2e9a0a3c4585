import { type ApprovalView, type ChainedLine, type SessionEvent, WeftError } from '@weft/contracts'
import type { SessionRef } from '../sessions/dapr-sessions.ts'
import { restoreView } from '../sessions/restore-view.ts'
import { type MessagePlace, placeOfMessage, type SessionLog } from '../sessions/session-log.ts'
import type { UsageStore } from '../usage/usage-store.ts'
import type { ArchiveLine } from './archive-folder.ts'
import type { OldSession } from './retention-store.ts'

export interface ArchiveSessionDeps {
  log: Pick<SessionLog, 'find' | 'eventsAfter' | 'messages'>
  usage: Pick<UsageStore, 'calls'>
  /** What is stored about a session besides its log. */
  beside: {
    approvals(session: SessionRef): Promise<ApprovalView[]>
    /** With hashes; only the lines that are still in the database. */
    approvalHistory(session: SessionRef): Promise<ChainedLine[]>
    feedback(session: SessionRef): Promise<object[]>
  }
  nowMs: () => number
}

const pageItems = 500
const pageMessages = 100
/** How many events are read to describe the turns as an export does. The archive has all events as well. */
const turnEventsMax = 10_000

/** Writes all that is known of a session, up to the event `old.lastSeq`, as one line of JSON. Lists that may be long are read and written page by page. */
export async function archiveSession(
  deps: ArchiveSessionDeps,
  { tenant, old, line }: { tenant: string; old: OldSession; line: ArchiveLine },
): Promise<void> {
  const { sessionId, rootSessionId, lastSeq } = old
  const session = { tenant, sessionId }
  const summary = await deps.log.find(session)
  if (summary === undefined) throw new WeftError('not_found', `session ${sessionId} was deleted meanwhile`)
  const opened = rootSessionId === sessionId ? {} : { rootSessionId }
  const head = {
    schema: 'weft.session',
    version: 1,
    archivedAt: new Date(deps.nowMs()).toISOString(),
    tenant,
    sessionId,
    ...opened,
  }
  await line.write(JSON.stringify(head).slice(0, -1))
  const told = { lean: [] as SessionEvent[], hasApprovals: false }
  await writeList(line, 'events', noting(eventsOf(deps, session, lastSeq), told))
  await writeList(line, 'messages', messagesOf(deps, session))
  await writeList(line, 'calls', callsOf(deps, session))
  const read = { eventsAfter: async (_session: SessionRef, seq: number) => told.lean.filter((event) => event.seq > seq) }
  const { object: _object, id: _id, ...view } = await restoreView(read, session, { view: undefined, summary })
  const beside = await besideOf(deps.beside, session, told)
  const tail = { title: summary.title, ...view, lastSeq, ...beside }
  await line.write(`,${JSON.stringify(tail).slice(1)}`)
}

async function besideOf(beside: ArchiveSessionDeps['beside'], session: SessionRef, { hasApprovals }: { hasApprovals: boolean }) {
  return {
    approvals: hasApprovals ? await beside.approvals(session) : [],
    approvalHistory: hasApprovals ? await beside.approvalHistory(session) : [],
    feedback: await beside.feedback(session),
  }
}

async function writeList(line: ArchiveLine, name: string, pages: AsyncIterable<object[]>): Promise<void> {
  await line.write(`,${JSON.stringify(name)}:[`)
  let separator = ''
  for await (const page of pages) {
    for (const item of page) {
      await line.write(separator + JSON.stringify(item))
      separator = ','
    }
  }
  await line.write(']')
}

/** Passes the pages on, and notes in `told` the events by which turns are described, without their messages, and whether any event is about an approval. */
async function* noting(pages: AsyncIterable<SessionEvent[]>, told: { lean: SessionEvent[]; hasApprovals: boolean }) {
  for await (const page of pages) {
    for (const { messages: _messages, ...event } of page) {
      if (told.lean.length < turnEventsMax) told.lean.push(event)
      if (event.approval !== undefined) told.hasApprovals = true
    }
    yield page
  }
}

async function* messagesOf({ log }: ArchiveSessionDeps, session: SessionRef) {
  let after: MessagePlace | undefined
  for (let hasMore = true; hasMore; ) {
    const page = await log.messages(session, { limit: pageMessages, after })
    yield page.data
    const last = page.data.at(-1)
    after = last === undefined ? after : placeOfMessage(last)
    hasMore = page.hasMore
  }
}

async function* eventsOf({ log }: ArchiveSessionDeps, session: SessionRef, lastSeq: number) {
  for (let after = 0; after < lastSeq; ) {
    const page = await log.eventsAfter(session, after, pageItems)
    const last = page.at(-1)
    if (last === undefined) return
    yield page.filter(({ seq }) => seq <= lastSeq)
    after = last.seq
  }
}

async function* callsOf({ usage, nowMs }: ArchiveSessionDeps, { tenant, sessionId }: SessionRef) {
  const query = { tenant, session: sessionId, fromMs: 0, toMs: nowMs() + 1, limit: pageItems }
  let after: string | undefined
  for (let hasMore = true; hasMore; ) {
    const page = await usage.calls({ ...query, after })
    yield page.data
    after = page.data.at(-1)?.id
    hasMore = page.hasMore
  }
}
