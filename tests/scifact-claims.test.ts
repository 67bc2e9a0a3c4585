import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findCollection } from '@weft/retrieval/testing'
import { type AskedClaim, askClaim, createQuoteCheck, judgedClaims, writeAbstracts } from './mesh/scifact-claims.ts'
import { openAiClient, weft } from './mesh/shared-mesh.ts'

const abstractsCount = 60
const claimsCount = 5
const storeName = 'scifact'

const scifact = findCollection('scifact')
const claims = scifact === undefined ? [] : judgedClaims(scifact, claimsCount)
const asked: AskedClaim[] = []
let folder: string

const describeIfThere = scifact === undefined ? describe.skip : describe

beforeAll(async () => {
  if (scifact === undefined) return
  folder = await mkdtemp(join(tmpdir(), 'weft-scifact-'))
  const relevant = new Set(claims.flatMap((claim) => [...claim.relevant]))
  const others = scifact.documents.filter(({ _id }) => !relevant.has(_id)).slice(0, abstractsCount - relevant.size)
  await writeAbstracts(folder, [...scifact.documents.filter(({ _id }) => relevant.has(_id)), ...others])
  const ingested = await weft(['ingest', folder, '--store', storeName, '--json'])
  expect(JSON.parse(ingested.stdout)).toMatchObject({ added: abstractsCount, failed: [] })
  const client = openAiClient()
  const stores = await client.vectorStores.list()
  const storeIds = stores.data.filter(({ name }) => name === storeName).map(({ id }) => id)
  for (const claim of claims) asked.push(await askClaim(client, claim, { model: 'weft/search', vectorStoreIds: storeIds }))
})

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

describeIfThere('claims about a folder of abstracts', () => {
  it('are each answered with citations, or it is said that there is no evidence', () => {
    for (const { weft } of asked) {
      expect(weft.status).toBe('completed')
      expect(weft.degraded.includes('no_evidence')).toBe(weft.citations.length === 0)
    }
    expect(asked).toHaveLength(claimsCount)
  })

  it('are answered with nothing but quotes that stand in the uploaded file at their offsets', async () => {
    const isTrue = createQuoteCheck(openAiClient())
    let quotes = 0
    for (const citation of asked.flatMap(({ weft }) => weft.citations)) {
      expect([citation.quote, await isTrue(citation)]).toEqual([citation.quote, true])
      quotes += 1
    }
    expect(quotes).toBeGreaterThan(3)
  })

  it('cite abstracts that experts judged relevant, as far as their words lead there', () => {
    // The first and the fourth claim share too few words with any relevant abstract for a search by words.
    expect(asked.filter(({ isRelevantCited }) => isRelevantCited).length).toBeGreaterThanOrEqual(2)
  })
})
