import { expect, it } from '@jest/globals'
import { createAgentVersions } from './agent-versions.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('versions are read again when they are old and somebody asks, and stay while the planner is away', async () => {
  let nowMs = 0
  const answers: (string | Error)[] = ['1', '2', new Error('away')]
  const versions = createAgentVersions({
    sidecar: {
      async invoke(_app, _path, { schema }) {
        const answer = answers.shift()
        if (typeof answer !== 'string') throw answer
        return schema.parse({ cards: [{ id: 'rag', version: answer }] })
      },
    },
    nowMs: () => nowMs,
  })
  expect(versions.current()).toEqual({})
  await settle()
  expect(versions.current()).toEqual({ rag: '1' })
  for (const known of ['1', '2', '2']) {
    nowMs += 5_001
    expect(versions.current()).toEqual({ rag: known })
    await settle()
  }
  expect(answers).toEqual([])
  expect(versions.current()).toEqual({ rag: '2' })
})
