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
}, 60_000)

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

describeIfThere('claims about a folder of abstracts', () => {
  it('are each answered with citations', () => {
    expect(asked.map(({ weft: { status, citations } }) => [status, citations.length > 0])).toEqual(
      claims.map(() => ['completed', true]),
    )
  })

  it('carry only quotes that stand in the uploaded file at their offsets', async () => {
    const isTrue = createQuoteCheck(openAiClient())
    for (const {
      weft: { citations },
    } of asked) {
      for (const citation of citations) expect([citation.quote, await isTrue(citation)]).toEqual([citation.quote, true])
    }
  })

  it('cite the abstracts that experts judged relevant, for four of five', () => {
    expect(asked.filter(({ isRelevantCited }) => isRelevantCited).length).toBeGreaterThanOrEqual(4)
  })
})
