import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { openAiClient, request, storeOf, weft, weftOf } from './mesh/shared-mesh.ts'

let storeId: string
let folder: string

beforeAll(async () => {
  storeId = await storeOf('quarry', { 'quarry.md': 'The quarry at Ben Mor gave slate until 1911. Forty men worked there.\n' })
  folder = await mkdtemp(join(tmpdir(), 'weft-approvals-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A session that waits for an approval before it searches. */
async function begin(assignees: string[] = []): Promise<{ sessionId: string; id: string }> {
  const step = { agent: 'rag', dependsOn: [] as string[], parallel: false }
  const approval = { reason: 'Searching costs money.', assignees }
  const plan = {
    planId: 'quarry',
    schemaVersion: 1 as const,
    answerStepId: 'write',
    steps: [
      { ...step, stepId: 'find', capability: 'retrieve', params: { query: 'quarry' }, approval },
      {
        ...step,
        stepId: 'write',
        capability: 'answer',
        params: { question: 'How many men worked at the quarry?' },
        dependsOn: ['find'],
      },
    ],
  }
  const messages = [{ role: 'user' as const, content: 'How many men worked at the quarry?' }]
  const body = { model: 'weft/auto', messages, weft: { vectorStoreIds: [storeId], plan } }
  const { sessionId } = weftOf(await openAiClient().chat.completions.create(body))
  return { sessionId, id: `appr_${sessionId}.1` }
}

async function json(args: string[]): Promise<unknown> {
  const run = await weft([...args, '--json'])
  if (run.code !== 0) throw new Error(`weft ${args.join(' ')}: ${run.output}`)
  return JSON.parse(run.stdout)
}

describe('weft approvals', () => {
  it('lists, shows and approves; the answer follows', async () => {
    const { id, sessionId } = await begin()
    expect((await weft(['approvals', 'list', '--limit', '100'])).stdout).toContain(id)
    const shown = await weft(['approvals', 'show', id])
    expect(shown.stdout).toContain('rag wants to')
    expect(shown.stdout).toContain('Searching costs money.')
    const { hash } = z.looseObject({ hash: z.string() }).parse(await json(['approvals', 'show', sessionId]))
    expect((await weft(['approvals', 'approve', id, '--hash', '0'.repeat(64)])).code).toBe(1)
    const approved = await weft(['approvals', 'approve', id, '--hash', hash, '--comment', 'fine'])
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining(`${id}  approved`)])
    expect((await weft(['approvals', 'approve', id])).stdout).toContain('(as decided before)')
    const refused = await weft(['approvals', 'reject', id, '--reason', 'no'])
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('was approved by')])
    const history = await weft(['approvals', 'history', id])
    expect(history.stdout).toMatch(
      /requested by session\n.*decided approve by first admin key: fine|decided by first admin key: fine/,
    )
    expect((await weft(['approvals', 'verify'])).stdout).toMatch(/^the history is whole: \d+ entries/)
    const watched = await weft(['sessions', 'show', sessionId, '--watch'])
    expect(watched.stdout).toMatch(/approval\.decided +turn 1 find/)
    expect(watched.stdout).toContain('Forty men')
  })

  it('rejects, changes, delegates and comments', async () => {
    const { id } = await begin(['role:foreman'])
    expect(await json(['approvals', 'comment', id, 'what for?'])).toMatchObject({ commentCount: 1 })
    expect(await json(['approvals', 'delegate', id, 'role:board'])).toMatchObject({ assignees: ['role:board'] })
    expect(await json(['approvals', 'snooze', id, '2h'])).toMatchObject({ snoozedUntil: expect.any(String) })
    await writeFile(join(folder, 'params.json'), '{"query":"slate quarry men"}')
    expect(await json(['approvals', 'modify', id, '--params', `@${join(folder, 'params.json')}`])).toMatchObject({
      status: 'modified',
      args: { query: 'slate quarry men' },
    })
    const other = await begin()
    expect(await json(['approvals', 'reject', other.id, '--reason', 'too dear'])).toMatchObject({ status: 'rejected' })
  })

  it('is for keys with the role that was asked', async () => {
    const { id } = await begin(['role:foreman'])
    const made = z
      .looseObject({ key: z.string() })
      .parse(await json(['keys', 'create', '--name', 'Fred', '--scopes', 'approve', '--role', 'foreman']))
    const approved = await request(`/approvals/${id}/approve`, { method: 'POST', key: made.key })
    expect(await approved.json()).toMatchObject({ decision: { by: 'Fred' } })
  })
})

describe('weft sessions', () => {
  it('forks, pauses, resumes, exports and deletes', async () => {
    const { sessionId, id } = await begin()
    expect(await json(['sessions', 'pause', sessionId])).toMatchObject({ isPaused: true })
    expect((await weft(['sessions', 'resume', sessionId])).stdout).toContain(`session ${sessionId}: awaiting_approval`)
    await json(['approvals', 'approve', id])
    await weft(['sessions', 'show', sessionId, '--watch'])
    const fork = await weft(['sessions', 'fork', sessionId, '--from-step', 'write'])
    expect(fork.output).toContain('1 steps taken over')
    const pdf = await weft(['sessions', 'export', sessionId, '--format', 'pdf'])
    expect(pdf.stdout.slice(0, 5)).toBe('%PDF-')
    expect((await weft(['sessions', 'export', sessionId])).stdout).toMatch(/^- .* was approved by .*/m)
    expect((await weft(['sessions', 'delete', sessionId])).stdout).toContain(`deleted ${sessionId}`)
    expect((await weft(['sessions', 'show', sessionId])).code).toBe(1)
  })
})
