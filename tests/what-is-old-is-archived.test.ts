import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { eventually, makeKey, pausedOf, post } from './mesh/paused-sessions.ts'
import { runWeft, type WeftRun } from './mesh/running-mesh.ts'
import { bodyOf, meshProcesses, openAiClient, request, sharedMesh, weft } from './mesh/shared-mesh.ts'
import { whileSuspended } from './mesh/while-suspended.ts'

/** A second and a half: sessions of these tests are soon old. */
const days = 1.5 / 86_400
const oldAfterMs = 2_000
const tenant = `forgets-${Date.now()}`
const keepsAll = `keeps-${Date.now()}`
let keys: { forgets: string; keeps: string }

beforeAll(async () => {
  const [forgets, keeps] = await Promise.all(
    [tenant, keepsAll].map((name) => makeKey({ tenant: name, scopes: ['chat', 'approve', 'admin'] })),
  )
  keys = { forgets: forgets?.key ?? '', keeps: keeps?.key ?? '' }
})
afterAll(() => weft(['settings', 'reset', 'tenantRetention']))

async function setRetention(tenants: object): Promise<void> {
  const file = join(sharedMesh().dataFolder, `${tenant}.yaml`)
  writeFileSync(file, JSON.stringify(tenants))
  const set = await weft(['settings', 'set', `tenantRetention=${file}`])
  expect(set).toMatchObject({ code: 0, output: expect.stringContaining(tenant) })
}

/** Asks a person first, and has it approved unless it is to wait. */
async function session(key: string, { waits = false } = {}): Promise<string> {
  const approval = { reason: 'It is told to everybody.', risk: 'low' as const }
  const step = { stepId: 'say', agent: 'reasoning', capability: 'reason', params: {}, dependsOn: [], parallel: false, approval }
  const plan = { planId: 'say', schemaVersion: 1 as const, answerStepId: 'say', steps: [step] }
  const messages = [{ role: 'user' as const, content: 'What is the ferry to Ulva called?' }]
  const asked = { model: 'weft/auto', messages, weft: { plan } }
  const { sessionId, approvals } = pausedOf(await openAiClient({ apiKey: key }).chat.completions.create(asked))
  if (waits) return sessionId
  expect((await post(`/approvals/${approvals[0]?.id}/approve`, {}, key)).status).toBe(200)
  await eventually(async () => (await statusOf(key, sessionId)) === 'completed')
  return sessionId
}

const Listed = z.object({ data: z.array(z.looseObject({ id: z.string(), status: z.string() })) })
/** As the log has it, which is what retention goes by. */
async function statusOf(key: string, sessionId: string): Promise<string | undefined> {
  const { data } = await bodyOf(Listed, request('/v1/sessions', { key }))
  return data.find(({ id }) => id === sessionId)?.status
}

function weftAs(key: string, args: string[]): Promise<WeftRun> {
  const { port, dataFolder } = sharedMesh()
  return runWeft(args, { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: key })
}

const Event = z.looseObject({ seq: z.number(), type: z.string() })
const Archived = z.looseObject({
  ...{ schema: z.literal('weft.session'), version: z.literal(1), sessionId: z.string(), lastSeq: z.number() },
  ...{ events: z.array(Event), messages: z.array(z.looseObject({ role: z.string() })) },
  ...{ approvals: z.array(z.looseObject({ status: z.string() })), approvalHistory: z.array(z.looseObject({ hash: z.string() })) },
  calls: z.array(z.looseObject({ costUsd: z.number() })),
})

function archivedOf(kind: string): string[] {
  const folder = join(sharedMesh().dataFolder, 'archive', tenant)
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`${kind}-20`)) : []
  return files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
}

const archivedSession = (id: string) =>
  archivedOf('sessions')
    .map((line) => Archived.parse(JSON.parse(line)))
    .filter(({ sessionId }) => sessionId === id)

function expectWhole(line: z.infer<typeof Archived> | undefined): void {
  expect(line?.events.map(({ seq }) => seq)).toEqual(Array.from({ length: line?.lastSeq ?? 0 }, (_, index) => index + 1))
  expect(line?.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['turn.accepted', 'plan.ready', 'approval.requested', 'approval.decided', 'turn.completed']),
  )
  expect(line?.messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  expect(line?.approvals).toMatchObject([{ status: 'approved' }])
  expect(line?.approvalHistory.length).toBeGreaterThan(1)
  expect(line?.calls).toMatchObject([{ model: 'offline/extractive' }])
}

const expectGone = (id: string) =>
  eventually(async () => (await request(`/v1/sessions/${id}`, { key: keys.forgets })).status === 404)

it('an old session goes into the archive with all that is known of it, and is gone; what waits, and what others keep, stays', async () => {
  const ended = await session(keys.forgets)
  const waiting = await session(keys.forgets, { waits: true })
  const ofOthers = await session(keys.keeps)
  // Not before: a gateway that has run for half a minute looks by itself.
  await setRetention({ [tenant]: { sessions: days, audit: days } })
  await sleep(oldAfterMs)
  const dry = await weftAs(keys.forgets, ['retention', 'run', '--dry-run'])
  expect(dry).toMatchObject({ code: 0, output: expect.stringContaining('1 ended session, the oldest of') })
  expect((await request(`/v1/sessions/${ended}`, { key: keys.forgets })).status).toBe(200)
  const run = await weftAs(keys.forgets, ['retention', 'run'])
  expect(run).toMatchObject({ code: 0, output: expect.stringContaining('1 ended session') })
  await expectGone(ended)
  const [line, ...more] = archivedSession(ended)
  expect(more).toEqual([])
  expectWhole(line)
  expect(await statusOf(keys.forgets, waiting)).toBe('awaiting_approval')
  expect(await statusOf(keys.keeps, ofOthers)).toBe('completed')
  expect((await weftAs(keys.keeps, ['retention', 'run'])).output).toContain('nothing was removed')
  await expectChainsHold()
  const again = await post(
    `/v1/chat/completions`,
    { model: 'weft/direct', messages: [{ role: 'user', content: 'And now?' }] },
    keys.forgets,
  )
  expect(again.status).toBe(200)
})

it('what was decided of the session that waits is still there, and in the chain', async () => {
  const Pending = z.object({ data: z.array(z.looseObject({ id: z.string(), sessionId: z.string() })) })
  const { data } = await bodyOf(Pending, request('/approvals/pending', { key: keys.forgets }))
  expect(data).toHaveLength(1)
  expect((await post(`/approvals/${data[0]?.id}/approve`, {}, keys.forgets)).status).toBe(200)
  const sessionId = String(data[0]?.sessionId)
  await eventually(async () => (await statusOf(keys.forgets, sessionId)) === 'completed')
  await sleep(oldAfterMs)
  expect((await weftAs(keys.forgets, ['retention', 'run'])).code).toBe(0)
  await expectGone(sessionId)
  expectWhole(archivedSession(sessionId)[0])
  await expectChainsHold()
  const status = await weftAs(keys.forgets, ['retention'])
  expect(status.output).toMatch(/lines of the audit log +kept for .* in the archive alone until/)
})

it('nothing is lost when a gateway is killed between the archive and the deletion', async () => {
  const ended = await session(keys.forgets)
  await sleep(oldAfterMs)
  let run: Promise<WeftRun> | undefined
  // The archive is written, and nobody is there to delete the session.
  await whileSuspended('orchestrator', async () => {
    run = weftAs(keys.forgets, ['retention', 'run'])
    await eventually(async () => archivedSession(ended).length > 0)
    process.kill(await pidOf('gateway'), 'SIGKILL')
  })
  await run
  await eventually(async () => (await weftAs(keys.forgets, ['retention', 'run'])).code === 0)
  await expectGone(ended)
  const lines = archivedSession(ended)
  expect([1, 2]).toContain(lines.length)
  for (const line of lines) expectWhole(line)
  await expectChainsHold()
})

async function expectChainsHold(): Promise<void> {
  for (const chain of ['audit', 'approvals'])
    expect(await weftAs(keys.forgets, [chain, 'verify'])).toMatchObject({ code: 0, output: expect.stringContaining('is whole') })
}

async function pidOf(name: string): Promise<number> {
  const pid = (await meshProcesses()).find((process) => process.name === name)?.pid ?? 0
  expect(pid).toBeGreaterThan(0)
  return pid
}
