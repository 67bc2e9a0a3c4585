import { expect, it } from '@jest/globals'
import { dataPaths } from '../supervisor/data-paths.ts'
import { createUpProgress } from './up-progress.ts'

const snapshot = { name: 'rag', ports: {}, restarts: 0 }

it('says once that a process is ready, and every time that it ended by itself', () => {
  const lines: string[] = []
  const progress = createUpProgress(['rag'], { write: (line) => void lines.push(line) })
  progress.changed({ ...snapshot, state: 'starting' })
  progress.changed({ ...snapshot, state: 'ready' })
  progress.changed({ ...snapshot, state: 'restarting', lastExit: 'exited with 1' })
  progress.changed({ ...snapshot, state: 'ready', restarts: 1 })
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}rag {2}ready after \d+\.\d s$/),
    '  rag  exited with 1; starting it again (npx weft logs rag)',
    '  rag  ready again (restarts so far: 1)',
  ])
})

it('shows the address, and the key only when it was just made', () => {
  const lines: string[] = []
  const progress = createUpProgress(['rag'], { write: (line) => void lines.push(line) })
  const facts = { url: 'http://127.0.0.1:8000', paths: dataPaths('/data'), infrastructureOnly: false, ports: {} }
  progress.ready({ ...facts, newKey: 'weft_abc' })
  expect(lines[0]).toContain('Weft is ready at http://127.0.0.1:8000')
  expect(lines[1]).toBe('API key, shown this once and kept in /data/admin.key: weft_abc')
  progress.ready(facts)
  expect(lines).toHaveLength(3)
})

it('answers with one JSON object, and says all else beside it', () => {
  const [lines, notes]: string[][] = [[], []]
  const progress = createUpProgress(['rag'], {
    isJson: true,
    write: (line) => void lines?.push(line),
    note: (line) => void notes?.push(line),
  })
  progress.changed({ ...snapshot, state: 'ready' })
  const facts = { paths: dataPaths('/data'), ports: { 'redis.redis': 15_001 } }
  progress.ready({ ...facts, url: 'http://127.0.0.1:8000', infrastructureOnly: false, newKey: 'weft_abc' })
  progress.stopping()
  expect(notes).toHaveLength(2)
  expect(lines?.map((line) => JSON.parse(line))).toEqual([
    {
      ready: true,
      elapsedMs: expect.any(Number),
      url: 'http://127.0.0.1:8000',
      ports: { 'redis.redis': 15_001 },
      adminKeyFile: '/data/admin.key',
      newKey: 'weft_abc',
    },
  ])
})

it('says which ports of dapr.yaml the infrastructure could not have', () => {
  const lines: string[] = []
  const progress = createUpProgress(['placement'], { write: (line) => void lines.push(line) })
  const facts = { url: 'http://127.0.0.1:8000', paths: dataPaths('/data'), infrastructureOnly: true }
  progress.ready({ ...facts, ports: { 'placement.grpc': 50005, 'scheduler.grpc': 16017 }, newKey: 'weft_abc' })
  expect(lines).toEqual([
    expect.stringContaining('/data/run/dapr.env'),
    expect.stringMatching(/^port 50006, .* scheduler, is taken: it listens on 16017/),
    expect.stringContaining('weft_abc'),
  ])
})
