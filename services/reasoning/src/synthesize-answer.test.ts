import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createModels, type Models } from '@weft/models'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import type { VerifyQuotes } from '@weft/retrieval'
import { failed, passage, retrieved, runStep, silk, wool } from './testing/run-step.ts'

const telemetry = { logger: { info: () => undefined } }
let server: ModelServer
let offline: Models
let online: Models
beforeAll(async () => {
  server = await startOpenAiServer()
  offline = createModels({ settings: {}, telemetry })
  online = createModels({ settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }, telemetry })
})
afterAll(async () => {
  await offline.stop()
  await online.stop()
  await server.stop()
})

describe('synthesize', () => {
  const dependencies = { w: retrieved('wool', wool), s: retrieved('silk', silk) }
  const params = { question: 'How do wool and silk keep warm or cool?', subjects: ['wool', 'silk'] }

  it('answers from every subject’s passages with verified citations; the deltas joined are the result', async () => {
    const { text, result } = await runStep({ models: offline, capability: 'synthesize', dependencies, params })
    expect(text).toContain('Wool keeps warm even when wet. [1]')
    expect(text).toContain('Silk is strong and keeps cool. [2]')
    expect(result.output).toEqual({ text, degraded: ['offline_model'] })
    expect(result.citations.slice(0, 2)).toMatchObject([
      { index: 1, fileId: 'wool.md', quote: 'Wool keeps warm even when wet.', verified: true },
      { index: 2, fileId: 'silk.md', quote: 'Silk is strong and keeps cool.', verified: true },
    ])
  })

  it('asks a language model with the same prompt, and drops what it cites wrongly', async () => {
    server.script({
      kind: 'text',
      chunks: ['Wool keeps warm even when wet [1]. ', 'Silk keeps cool [', '2]. Silk is made of steel [7].'],
    })
    const { text, result } = await runStep({ models: online, capability: 'synthesize', dependencies, params })
    expect(text).toBe('Wool keeps warm even when wet [1]. Silk keeps cool [2]. Silk is made of steel.')
    expect(result).toMatchObject({ output: { text, degraded: ['unsupported_citation'] } })
    expect(JSON.stringify(server.requests.at(-1)?.body.messages)).toContain('about=\\"silk\\"')
  })

  it('says which subject nothing was found on, and which step failed', async () => {
    const partial = { w: retrieved('wool', wool), s: failed, n: retrieved('nylon') }
    const { text, result } = await runStep({
      models: offline,
      capability: 'synthesize',
      dependencies: partial,
      params: { ...params, subjects: ['wool', 'silk', 'nylon'] },
    })
    expect(text).toContain('Wool keeps warm even when wet. [1]')
    expect(text).toContain('On “silk” nothing could be looked up.')
    expect(text).toContain('On “nylon” the searched documents say nothing.')
    expect(result.output).toMatchObject({ degraded: ['step_skipped:s', 'offline_model'] })
  })

  it('compares what its model sees where no document says anything, and nothing that it cannot see', async () => {
    const asked = { capability: 'synthesize', params, dependencies: { w: retrieved('wool') } }
    const attachments = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }]
    const seeing = (...capabilities: string[]): Models => ({
      ...online,
      get: () => ({ id: 'openai/seer', provider: 'openai', priceKnown: true, capabilities }),
    })
    server.script({ kind: 'text', chunks: ['Both are white.'] })
    expect((await runStep({ ...asked, attachments, models: seeing('chat', 'vision') })).text).toBe('Both are white.')
    const blind = await runStep({ ...asked, attachments, models: seeing('chat') })
    expect(blind.text).toMatch(/^I found no evidence/)
    expect(blind.result.output).toMatchObject({ degraded: ['attachments_left_out', 'no_evidence'] })
  })

  it('tells what a step says without a source as that step’s word, and marks the answer', async () => {
    const opinion = { status: 'succeeded' as const, output: { text: 'Wool wins [1], I think.' }, citations: [] }
    const { text, result } = await runStep({
      models: offline,
      capability: 'synthesize',
      dependencies: { w: retrieved('wool', wool), expert: opinion },
      params: { question: 'Does wool keep warm?' },
    })
    expect(text).toContain('Wool keeps warm even when wet. [1]')
    expect(text).toContain('Without a source, step “expert” says: Wool wins, I think.')
    expect(result.output).toMatchObject({ degraded: ['no_source:expert', 'offline_model'] })
  })

  it('gives a model what cited answers say with the numbers their quotes have among all', async () => {
    const cited = (fileId: string, quote: string) => ({
      status: 'succeeded' as const,
      output: { text: `${quote.slice(0, -1)} [1].` },
      citations: [{ index: 1, fileId, filename: fileId, quote, start: 0, end: quote.length, score: 1, verified: true as const }],
    })
    const wet = 'Wool keeps warm even when wet.'
    const dependencies = {
      a: cited('silk.md', 'Silk is strong and keeps cool.'),
      b: cited('wool.md', wet),
      c: cited('wool.md', wet),
    }
    server.script({ kind: 'text', chunks: ['Wool keeps warm even when wet [2]. Silk keeps cool [1].'] })
    const { text, result } = await runStep({ models: online, capability: 'synthesize', dependencies, params })
    const prompt = JSON.stringify(server.requests.at(-1)?.body.messages)
    for (const statement of [
      'by=\\"a\\">\\nSilk is strong and keeps cool [1].',
      'by=\\"c\\">\\nWool keeps warm even when wet [2].',
    ])
      expect(prompt).toContain(statement)
    expect(text).toBe('Wool keeps warm even when wet [1]. Silk keeps cool [2].')
    expect(result.citations.map(({ index, filename }) => [index, filename])).toEqual([
      [1, 'wool.md'],
      [2, 'silk.md'],
    ])
  })

  it('shows what findings contradict each other in, cites both sides, and says so in the result', async () => {
    const dependencies = {
      a: retrieved('wool', passage('old.md', 'Merino wool shrinks in water of 40 degrees.')),
      b: retrieved('wool', passage('new.md', 'Merino wool shrinks in water of 60 degrees.')),
    }
    const { text, result } = await runStep({
      models: offline,
      capability: 'synthesize',
      dependencies,
      params: { question: 'In which water does merino wool shrink?' },
    })
    expect(text).toBe(
      'Sources disagree: one says “Merino wool shrinks in water of 40 degrees” [1], another “Merino wool shrinks in water of 60 degrees” [2].',
    )
    expect(result.citations.map(({ filename }) => filename)).toEqual(['old.md', 'new.md'])
    expect(result.output).toMatchObject({ degraded: ['offline_model', 'conflicting_sources'] })
  })

  it('cites again what earlier answers have cited', async () => {
    const citation = {
      index: 1,
      fileId: 'wool.md',
      filename: 'wool.md',
      quote: 'Sheep give wool.',
      start: 31,
      end: 47,
      score: 1,
      verified: true as const,
    }
    const answered = { a: { status: 'succeeded' as const, output: { text: 'Sheep do. [1]' }, citations: [citation] } }
    const { result } = await runStep({
      models: offline,
      capability: 'synthesize',
      dependencies: answered,
      params: { question: 'Which animals give wool?' },
    })
    expect(result.citations).toEqual([expect.objectContaining({ quote: 'Sheep give wool.', start: 31, end: 47 })])
  })

  it('asks no model when no passage was found', async () => {
    const before = server.requests.length
    const { text, result } = await runStep({
      models: online,
      capability: 'synthesize',
      dependencies: { w: retrieved('wool') },
      params,
    })
    expect(text).toMatch(/^I found no evidence/)
    expect(result).toMatchObject({ output: { text, degraded: ['no_evidence'] }, citations: [], confidence: 0 })
    expect(server.requests.length).toBe(before)
  })

  it('cites nothing while quotes cannot be verified, and says why', async () => {
    const verify: VerifyQuotes = async () => {
      throw new WeftError('dependency_unavailable', 'the database is not reachable')
    }
    const { text, result } = await runStep({ models: offline, capability: 'synthesize', dependencies, params, verify })
    expect(text).not.toMatch(/\[\d/)
    expect(result).toMatchObject({
      citations: [],
      output: { degraded: expect.arrayContaining(['database_unavailable', 'no_evidence']) },
    })
  })
})
