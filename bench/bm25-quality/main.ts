import { findNativePostgres, startNativeDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { type Collection, findCollection, loadAsChunks, measureQuality, type Quality } from '@weft/retrieval/testing'
import { compareChunkSizes } from './compare-chunk-sizes.ts'
import { measureSpeed } from './measure-speed.ts'

/** Reference: exact BM25 (k1 1.2, b .75) over the same text, computed outside Weft. */
const references = { scifact: 0.6893, anthropic_codebase: 0.6749, musique100: 0.5462 }
const tolerance = 0.01

/**
 * `node bench/bm25-quality/main.ts [quality] [chunk-sizes] [speed]`: ranking quality against the reference, recall of marked spans by chunk size, and
 * the speed of cutting and indexing. Ends with 1 when a ranking is off by more than {@link tolerance}.
 */
const wanted = process.argv.slice(2)
const isWanted = (part: string) => wanted.length === 0 || wanted.includes(part)
if (isWanted('quality')) await rankCollections()
if (isWanted('chunk-sizes')) await compareChunkSizes()
if (isWanted('speed')) await measureSpeed()

async function rankCollections(): Promise<void> {
  await rankBy('pg_textsearch', startTestDatabase)
  const native = findNativePostgres()
  if (native !== undefined) await rankBy('plain SQL', () => startNativeDatabase(native))
}

type Start = () => Promise<TestDatabase>

/** Each collection alone in its database, as the reference was computed; then all in one, where pg_textsearch counts words over all of them. */
async function rankBy(engine: string, start: Start): Promise<void> {
  const collections = Object.entries(references).flatMap(([name, reference]) => {
    const collection = findCollection(name)
    return collection === undefined ? [] : [{ collection, reference }]
  })
  console.log(`\n| by ${engine} | nDCG@10 | reference | recall@10 | search p50 ms | p99 ms |\n|---|---|---|---|---|---|`)
  for (const { collection, reference } of collections) {
    const [quality] = await rankTogether(start, [collection])
    if (quality === undefined) continue
    report(collection.name, quality, reference)
    if (Math.abs(quality.ndcg10 - reference) > tolerance) process.exitCode = 1
  }
  const together = await rankTogether(
    start,
    collections.map(({ collection }) => collection),
  )
  for (const [index, quality] of together.entries())
    report(`${collections[index]?.collection.name} beside the others`, quality, collections[index]?.reference)
}

async function rankTogether(start: Start, collections: Collection[]): Promise<Quality[]> {
  const { database, stop } = await start()
  const stores: string[] = []
  for (const collection of collections) stores.push(await loadAsChunks(database, collection, 'bench'))
  const qualities: Quality[] = []
  for (const [index, collection] of collections.entries()) {
    qualities.push(await measureQuality(database, collection, { tenant: 'bench', vectorStoreId: stores[index] ?? '' }))
  }
  await stop()
  return qualities
}

function report(name: string, { ndcg10, recall10, p50Ms, p99Ms }: Quality, reference = 0): void {
  console.log(
    `| ${name} | ${ndcg10.toFixed(4)} | ${reference} | ${recall10.toFixed(3)} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} |`,
  )
}
