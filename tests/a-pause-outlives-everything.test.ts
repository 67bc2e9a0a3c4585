import { afterAll, beforeAll, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { z } from 'zod'
import { canSeeProcesses, isRunning, processesWith } from './mesh/processes.ts'
import { type RunningMesh, runWeft, startTestMesh } from './mesh/running-mesh.ts'

let mesh: RunningMesh

beforeAll(async () => {
  mesh = await startTestMesh()
})
afterAll(() => mesh.stop())

const question = 'How high is the tower at Rannoch?'

async function pause(): Promise<{ id: string; sessionId: string }> {
  const client = new OpenAI({ baseURL: `${mesh.url}/v1`, apiKey: mesh.apiKey, maxRetries: 0 })
  const store = await client.vectorStores.create({ name: 'rannoch' })
  const file = new File(['The tower at Rannoch is 41 metres high. It leans a little.\n'], 'tower.md')
  await client.vectorStores.files.uploadAndPoll(store.id, file, { pollIntervalMs: 50 })
  const step = { agent: 'rag', dependsOn: [] as string[], parallel: false }
  const plan = {
    planId: 'rannoch',
    schemaVersion: 1 as const,
    answerStepId: 'write',
    steps: [
      { ...step, stepId: 'find', capability: 'retrieve', params: { query: 'tower at Rannoch' } },
      {
        ...step,
        stepId: 'write',
        capability: 'answer',
        params: { question },
        dependsOn: ['find'],
        approval: { reason: 'It is published.' },
      },
    ],
  }
  const body = {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: question }],
    weft: { vectorStoreIds: [store.id], plan },
  }
  const Paused = z.looseObject({
    weft: z.looseObject({ sessionId: z.string(), approvals: z.array(z.looseObject({ id: z.string() })) }),
  })
  const { weft } = Paused.parse(await client.chat.completions.create(body))
  return { id: weft.approvals[0]?.id ?? '', sessionId: weft.sessionId }
}

const onLinux = canSeeProcesses ? it : it.skip

onLinux('a session that waits for a person is answered after every process was killed and the mesh started again', async () => {
  const { id, sessionId } = await pause()
  const { port, dataFolder, apiKey } = mesh
  const env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey, WEFT_DEFAULT_MODEL: 'offline/extractive' }
  // The database and Redis are among them.
  const pids = processesWith(dataFolder)
  expect(pids.length).toBeGreaterThan(10)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 50))

  expect((await runWeft(['up', '--detach'], env)).code).toBe(0)
  const shown = await runWeft(['approvals', 'show', id], env)
  expect(shown.stdout).toContain(`${id}: pending`)
  const approved = await runWeft(['approvals', 'approve', sessionId], env)
  expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining(`${id}  approved`)])
  const watched = await runWeft(['sessions', 'show', sessionId, '--watch'], env)
  expect(watched.stdout).toContain('The tower at Rannoch is 41 metres high.')
})
