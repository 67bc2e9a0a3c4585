import { env } from 'node:process'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Command } from 'commander'
import { registerEvaluate } from './evaluate.ts'
import { qrels, writeCollection } from './testing/collection-folder.ts'
import { type FakeGateway, startFakeGateway } from './testing/fake-gateway.ts'

let gateway: FakeGateway
let collection: Awaited<ReturnType<typeof writeCollection>>
let printed: string[]
const before = { url: env.WEFT_URL, key: env.WEFT_API_KEY, exitCode: process.exitCode }

beforeEach(async () => {
  gateway = await startFakeGateway()
  gateway.reorder = (chunks, weft) => (weft?.mode === 'vector' ? chunks.toReversed() : chunks)
  collection = await writeCollection({
    'corpus.jsonl': [
      { _id: 'sea', title: 'Sea', text: 'The moon pulls the sea.' },
      { _id: 'moon', title: 'Moon', text: 'The moon has no sea of its own; the moon is dry.' },
    ],
    'queries.jsonl': [{ _id: 'q1', text: 'Is the moon dry?' }],
    'qrels.tsv': qrels(['q1', 'moon', 1]),
  })
  printed = []
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true)
  Object.assign(env, { WEFT_URL: gateway.url, WEFT_API_KEY: 'weft_key' })
})

afterEach(async () => {
  jest.restoreAllMocks()
  restore('WEFT_URL', before.url)
  restore('WEFT_API_KEY', before.key)
  process.exitCode = before.exitCode
  await gateway.stop()
  await collection.remove()
})

describe('weft evaluate', () => {
  it('prints the settings side by side, each against the first', async () => {
    await run()
    expect(printed.join('')).toMatch(/: 1 questions on 2 documents in "evaluate weft-collection-/)
    expect(printed.join('')).toMatch(
      /metric +setting +value +interval +against bm25 +interval\nndcg@10 +bm25 +1\.0000 +1\.0000 … 1\.0000\n +vector +0\.6309 .* −0\.3691 +−0\.3691 … −0\.3691 \*\n/,
    )
    expect(printed.join('')).toMatch(/latency +bm25 +p50 \d+\.\d ms +p99 \d+\.\d ms/)
    expect(process.exitCode).toBe(before.exitCode)
  })

  it('prints one JSON document on request', async () => {
    await run('--json', '--setting', 'vector')
    expect(JSON.parse(printed.join(''))).toMatchObject({
      collection: { documents: 2, questions: 1, judged: 1 },
      settings: [{ name: 'vector', weft: { mode: 'vector' }, metrics: { 'mrr@10': { mean: 0.5, count: 1 } }, differences: null }],
      answers: null,
      choice: null,
      gates: [],
    })
  })

  it('ends with 1 when a gate is missed, and says which', async () => {
    await run('--gate', 'bm25.ndcg@10>=0.9', '--gate', 'vector.ndcg@10>=0.9')
    expect(printed.join('')).toContain('gate met: bm25.ndcg@10>=0.9 (1.0000)\ngate MISSED: vector.ndcg@10>=0.9 (0.6309)\n')
    expect(process.exitCode).toBe(1)
  })

  it('ends with 3 when the mesh is not up', async () => {
    env.WEFT_URL = 'http://127.0.0.1:9'
    await expect(run()).rejects.toMatchObject({ exitCode: 3 })
  })

  it.each([
    ['a folder that is not there', ['/no/such/folder'], /is no folder/],
    ['--apply alone', ['.', '--apply'], /--apply needs --choose/],
    ['--reload with --store', ['.', '--reload', '--store', 'a'], /--reload loads/],
    ['a number', ['.', '--queries', '0'], /--queries needs a whole number/],
    ['a number', ['.', '--answers', 'all'], /--answers needs a whole number/],
    ['a seed', ['.', '--seed', '-1'], /--seed needs a whole number/],
    ['a setting', ['.', '--setting', 'best'], /--setting knows/],
    ['a gate', ['.', '--gate', 'good'], /--gate needs/],
  ])('ends with 2 for %s', async (_, argv, message) => {
    await expect(runWith(argv)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
    expect(gateway.calls).toEqual([])
  })
})

async function run(...options: string[]): Promise<void> {
  await runWith([collection.folder, ...options])
}

async function runWith(argv: string[]): Promise<void> {
  const program = new Command('weft').exitOverride()
  registerEvaluate(program)
  await program.parseAsync(['evaluate', ...argv], { from: 'user' })
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete env[name]
  else env[name] = value
}
