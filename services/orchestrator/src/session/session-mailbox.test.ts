import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { newSession } from '../core/new-session.ts'
import type { SessionInput } from '../core/session-input.ts'
import { viewSession } from '../core/session-view.ts'
import { planOf, turnRequest } from '../core/testing.ts'
import type { SessionCommit, SessionStore, StoredSession } from '../store/dapr-session-store.ts'
import { armPatiently } from '../wake/arm-patiently.ts'
import { type Committed, Mailbox } from './session-mailbox.ts'

/** A store in memory whose commits and reminders fail or wait when told to. */
function storeInMemory() {
  const down = new WeftError('dependency_unavailable', 'down')
  const store = {
    kept: undefined as StoredSession | undefined,
    commits: 0,
    failsLoad: false,
    failsCommit: false,
    losesAnswer: false,
    armFailures: 0,
    async readOutcomes() {
      return new Map()
    },
    async load() {
      if (store.failsLoad) throw down
      return store.kept
    },
    async commit(_actorId: string, { stored, next }: SessionCommit) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (store.failsCommit) throw down
      store.commits += 1
      store.kept = { state: { ...next, revision: stored.state.revision + 1 }, tags: new Map(), dropped: [] }
      if (store.losesAnswer) throw down
      return store.kept
    },
    async arm() {
      if (store.armFailures-- > 0) throw down
    },
    async armAt() {},
    async disarm() {},
  }
  return store satisfies SessionStore
}

function mailboxOver(store: SessionStore) {
  const committed: Committed[] = []
  const losses: unknown[] = []
  const clock = { nowMs: 1_000 }
  const mailbox = new Mailbox({
    actorId: 'acme.s1',
    store,
    watches: {
      join: () => ({
        note: { key: 'watch', value: {}, ttlSeconds: 60 },
        armed: armPatiently(() => store.arm('acme.s1')),
        isOver: () => false,
        leave() {},
      }),
    },
    nowMs: () => clock.nowMs,
    policies: [],
    agentVersions: () => ({}),
    create: (input) =>
      input.type === 'submit'
        ? { ...newSession({ tenant: 'acme', sessionId: 's1', user: undefined }, 1_000), epoch: 1 }
        : undefined,
    onCommitted: (each) => committed.push(each),
    onLost: (cause) => losses.push(cause),
  })
  return { mailbox, committed, losses, clock }
}

const askedOf = (store: { kept: StoredSession | undefined }) =>
  (store.kept === undefined ? undefined : viewSession(store.kept.state).turns[0]?.approvals) ?? []

const submit = (more = {}) => ({ type: 'submit' as const, request: turnRequest(more) })

it('inputs that arrive together share one commit, and each is told its own', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  const replies = await Promise.all([1, 2, 3].map((count) => mailbox.post(submit({ requestId: `r${count}` }))))
  expect(store.commits).toBe(1)
  expect(replies).toMatchObject([1, 2, 3].map((turn) => ({ kind: 'submitted', turn, isRepeat: false, lastSeq: turn })))
})

it('a turn is not acknowledged before its heartbeat is armed, and its work does not wait for that', async () => {
  const store = storeInMemory()
  store.armFailures = 2
  const { mailbox, committed } = mailboxOver(store)
  const acknowledged = mailbox.post(submit())
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(committed.flatMap(({ commands }) => commands)).toEqual([{ type: 'plan', turn: 1, planAttempt: 1 }])
  expect(store.armFailures).toBeGreaterThanOrEqual(0)
  await acknowledged
  expect(store.armFailures).toBeLessThan(0)
})

it('a scheduler that is away does not undo a commit: the same session goes on', async () => {
  const store = storeInMemory()
  store.armFailures = 1
  const { mailbox } = mailboxOver(store)
  await Promise.all([mailbox.post(submit()), mailbox.post({ type: 'cancel', turn: undefined })])
  expect(mailbox.peek()?.turns.map((turn) => turn.status)).toEqual(['cancelled'])
})

it('a decision is committed only once the heartbeat that slept beats again, so that what follows from it cannot be stranded', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  const plan = planOf([{ stepId: 'answer', approval: { reason: 'ask' } }])
  await mailbox.post(submit({ options: { plan } }))
  mailbox.heartbeat.sleepUntil(9_000)
  const [asked] = askedOf(store)
  store.armFailures = 2
  const decision = { approvalId: asked?.id ?? '', action: 'approve' as const, by: { id: 'ann', roles: [], isAdmin: false } }
  const decided = mailbox.post({ type: 'decide', decision })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([store.commits, store.armFailures]).toEqual([1, 1])
  await decided
  expect([store.commits, store.armFailures]).toEqual([2, -1])
})

it('after a failed commit only the store is believed: nothing was accepted', async () => {
  const store = storeInMemory()
  store.failsCommit = true
  const { mailbox, committed, losses } = mailboxOver(store)
  await expect(mailbox.post(submit())).rejects.toMatchObject({ code: 'dependency_unavailable' })
  expect(mailbox.peek()).toBeUndefined()
  expect([committed, losses.length]).toEqual([[], 1])
})

it('a commit whose answer was lost is found again, under a new epoch, and a repeated submit finds its turn', async () => {
  const store = storeInMemory()
  store.losesAnswer = true
  const { mailbox } = mailboxOver(store)
  await expect(mailbox.post(submit({ idempotencyKey: 'k' }))).rejects.toThrow('down')
  store.losesAnswer = false
  expect(await mailbox.post(submit({ idempotencyKey: 'k' }))).toMatchObject({ turn: 1, isRepeat: true })
  expect(mailbox.peek()?.epoch).toBe(2)
})

it('events known to be in the log are told to the store with the next commit, or a moment later, never in a commit each', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  await mailbox.post(submit())
  const { lastSeq = 0 } = mailbox.peek() ?? {}
  mailbox.noteFlushed(lastSeq)
  expect(mailbox.peek()?.outbox).toHaveLength(1)
  await mailbox.post({ type: 'cancel', turn: undefined })
  expect(store.commits).toBe(2)
  expect(mailbox.peek()?.outbox[0]?.events[0]?.seq).toBe(lastSeq + 1)
  mailbox.noteFlushed(mailbox.peek()?.lastSeq ?? 0)
  expect(store.commits).toBe(2)
  while (mailbox.peek()?.outbox.length !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(store.commits).toBe(3)
})

it('a session that is deactivated, and had by no other host, goes on where it was: what runs here still counts', async () => {
  const store = storeInMemory()
  const { mailbox, committed } = mailboxOver(store)
  await mailbox.post(submit())
  await mailbox.drop()
  expect(mailbox.peek()).toBeUndefined()
  expect(await mailbox.read()).toMatchObject({ epoch: 1 })
  expect(committed.flatMap(({ commands }) => commands)).toHaveLength(1 + 1)
})

it('a session that another host had meanwhile is activated anew, and its heartbeat is armed again', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  await mailbox.post(submit())
  await mailbox.drop()
  if (store.kept !== undefined) store.kept = { ...store.kept, state: { ...store.kept.state, epoch: 2 } }
  store.armFailures = 1
  expect(await mailbox.read()).toMatchObject({ epoch: 3 })
  await mailbox.post(submit({ requestId: 'r2' }))
  expect(store.armFailures).toBeLessThan(0)
})

it('a session at rest that was only looked at here, and went on elsewhere, is activated anew: its work is not begun a second time', async () => {
  const store = storeInMemory()
  const [first, looking, elsewhere] = [mailboxOver(store), mailboxOver(store), mailboxOver(store)]
  const plan = planOf([{ stepId: 'answer', idempotent: false, approval: { reason: 'ask', timeoutMs: 60_000 } }])
  await first.mailbox.post(submit({ options: { plan } }))
  await first.mailbox.post({ type: 'flushed', upToSeq: first.mailbox.peek()?.lastSeq ?? 0 })
  await looking.mailbox.read()
  await looking.mailbox.drop()
  const by = { id: 'ann', roles: [], isAdmin: false }
  await elsewhere.mailbox.post({ type: 'decide', decision: { approvalId: askedOf(store)[0]?.id ?? '', action: 'approve', by } })
  const [dispatched] = elsewhere.committed.flatMap(({ commands }) => commands)
  expect(dispatched).toMatchObject({ type: 'dispatch', epoch: 2 })
  await elsewhere.mailbox.post({ type: 'sending', turn: 1, stepId: 'answer', epoch: 2, attempt: 1 })
  expect(await looking.mailbox.read()).toMatchObject({ epoch: 3 })
  expect(looking.committed.flatMap(({ commands }) => commands)).not.toContainEqual(expect.objectContaining({ type: 'dispatch' }))
})

const once = { options: { plan: planOf([{ stepId: 'answer', idempotent: false }]) } }
const first = { turn: 1, stepId: 'answer', epoch: 1, attempt: 1 }
const cutOff: SessionInput = {
  type: 'outcome',
  ...first,
  usage: [],
  outcome: { kind: 'failed', problem: { code: 'upstream_error', message: 'cut off', isRetryable: true }, mayHaveHappened: true },
}

it('a session that cannot be loaded to hear how an attempt ended is activated anew: what may have happened is not begun again', async () => {
  const store = storeInMemory()
  const { mailbox, committed } = mailboxOver(store)
  await mailbox.post(submit(once))
  await mailbox.post({ type: 'sending', ...first })
  await mailbox.drop()
  store.failsLoad = true
  await expect(mailbox.post(cutOff)).rejects.toThrow('down')
  store.failsLoad = false
  expect(await mailbox.read()).toMatchObject({ epoch: 2, turns: [{ status: 'failed' }] })
  const begun = committed.flatMap(({ commands }) => commands.filter(({ type }) => type === 'dispatch'))
  expect(begun).toHaveLength(1)
})

it('hears how an attempt ended also while it takes nothing else any more', async () => {
  const { mailbox } = mailboxOver(storeInMemory())
  await mailbox.post(submit(once))
  const ticks = Array.from({ length: 10_000 }, () => mailbox.post({ type: 'tick' }))
  const refused = expect(mailbox.post({ type: 'tick' })).rejects.toMatchObject({ code: 'session_busy' })
  await Promise.all([mailbox.post(cutOff), refused, ...ticks])
  expect(mailbox.peek()?.turns[0]?.status).toBe('failed')
})

it('a session dropped twice in a row still goes on where it was', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  await mailbox.post(submit())
  await mailbox.drop()
  await mailbox.drop()
  expect(await mailbox.read()).toMatchObject({ epoch: 1 })
})

it('calls that race a deactivation are answered, none twice and none lost', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  const posts: Promise<unknown>[] = []
  const drops: Promise<void>[] = []
  for (let count = 1; count <= 20; count += 1) {
    posts.push(mailbox.post(submit({ requestId: `r${count}`, idempotencyKey: `k${count}` })))
    if (count % 3 === 0) drops.push(mailbox.drop())
    await new Promise((resolve) => setTimeout(resolve, count % 4))
  }
  const replies = await Promise.all(posts)
  await Promise.all(drops)
  expect(replies).toMatchObject(replies.map((_, index) => ({ kind: 'submitted', turn: index + 1, isRepeat: false })))
  expect((await mailbox.read())?.turns).toHaveLength(20)
})

it('whoever decides after the deadline is told when it passed, all the same, and so it is committed', async () => {
  const store = storeInMemory()
  const { mailbox, clock } = mailboxOver(store)
  const approval = { reason: 'it costs', timeoutMs: 500 }
  await mailbox.post(submit({ options: { plan: planOf([{ stepId: 'answer', approval }]) } }))
  const [asked] = askedOf(store)
  const told = []
  for (const nowMs of [2_000, 3_000]) {
    clock.nowMs = nowMs
    told.push(await refusalOf(mailbox, asked?.id, { by: 'ann', action: 'approve' }))
  }
  const decision = { status: 'expired', by: 'deadline', at: new Date(2_000).toISOString() }
  expect(told).toMatchObject([
    { code: 'gone', details: { decision } },
    { code: 'gone', details: { decision } },
  ])
  expect(askedOf(store)).toMatchObject([{ status: 'expired', decision }])
})

it('nobody is told of a decision that was not committed, neither who took it nor who came too late', async () => {
  const store = storeInMemory()
  const { mailbox } = mailboxOver(store)
  await mailbox.post(submit({ options: { plan: planOf([{ stepId: 'answer', approval: { reason: 'it costs' } }]) } }))
  const [asked] = askedOf(store)
  store.failsCommit = true
  const deciding = [
    refusalOf(mailbox, asked?.id, { by: 'ann', action: 'approve' }),
    refusalOf(mailbox, asked?.id, { by: 'ben', action: 'reject' }),
  ]
  const down = { code: 'dependency_unavailable' }
  expect(await Promise.all(deciding)).toMatchObject([down, down])
})

function refusalOf(mailbox: Mailbox, approvalId = '', { by, action }: { by: string; action: 'approve' | 'reject' }) {
  const decision = { approvalId, action, by: { id: by, roles: [], isAdmin: false } }
  return mailbox.post({ type: 'decide', decision }).catch((refusal: unknown) => refusal)
}
