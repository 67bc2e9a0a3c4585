import { env } from 'node:process'
import { chosenEmbedder, cosine, createEmbedder, saysTheSame, similarityMin } from '@weft/models'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { crowdedPairs, nearPairs, type Pair } from './near-pairs.ts'

/**
 * `node bench/semantic-cache/main.ts [show]`: of questions that mean the same, how many the semantic cache takes for one; of near misses, how many it wrongly does.
 * `show` prints the near misses it takes for hits.
 */
const wrongMax = 0.01
const thresholds = [0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99]

interface Compared extends Pair {
  similarity: number
  saysTheSame: boolean
}

const load = watchLoad()
const folder = env.WEFT_EMBEDDER_FOLDER
if (folder === undefined) {
  process.stderr.write(
    'SKIPPED: no local embedder; run node bench/run.mjs semantic-cache after npm start, or set WEFT_EMBEDDER_FOLDER\n',
  )
} else {
  const compared = await compare(nearPairs(), folder)
  const stated = compared.filter(({ isChoosing }) => !isChoosing)
  const crowd = crowdedPairs()
  const { wrong, of } = falseHits(stated, similarityMin)
  recordResults({
    name: 'semantic-cache',
    title: 'False hits of the semantic cache',
    load,
    body: describe(compared, stated, crowd),
  })
  if (process.argv.includes('show'))
    for (const pair of compared) if (!pair.isSame && isHit(pair, similarityMin)) console.log(pair)
  if (wrong / of > wrongMax || crowd.alike.length > 0) process.exitCode = 1
}

async function compare(pairs: Pair[], modelFolder: string): Promise<Compared[]> {
  const settings = { WEFT_EMBEDDER_FOLDER: modelFolder }
  const embedder = createEmbedder(settings, chosenEmbedder(settings) ?? '')
  const texts = [...new Set(pairs.flatMap(({ left, right }) => [left, right]))]
  const vectors = new Map<string, Float32Array>()
  for (let from = 0; from < texts.length; from += 32) {
    const batch = texts.slice(from, from + 32)
    const answer = await embedder.embed({ texts: batch, purpose: 'query' })
    for (const [at, text] of batch.entries()) vectors.set(text, answer.vectors[at]?.[0] ?? new Float32Array())
  }
  await embedder.stop()
  return pairs.map((pair) => ({
    ...pair,
    similarity: cosine(vectors.get(pair.left) ?? [], vectors.get(pair.right) ?? []),
    saysTheSame: saysTheSame(pair.left, pair.right),
  }))
}

function isHit({ similarity, saysTheSame: isAlike }: Compared, threshold: number): boolean {
  return similarity >= threshold && isAlike
}

function falseHits(pairs: Compared[], threshold: number): { wrong: number; of: number } {
  const near = pairs.filter(({ isSame }) => !isSame)
  return { wrong: near.filter((pair) => isHit(pair, threshold)).length, of: near.length }
}

function describe(all: Compared[], stated: Compared[], crowd: ReturnType<typeof crowdedPairs>): string {
  const rows = thresholds.map((threshold) => {
    const byVector = (pair: Compared) => pair.similarity >= threshold
    const both = (pair: Compared) => isHit(pair, threshold)
    const name = threshold === similarityMin ? `**${threshold}**` : String(threshold)
    return [
      name,
      share(all, true, both),
      share(all, false, both),
      share(stated, true, both),
      share(stated, false, both),
      share(stated, false, byVector),
    ]
  })
  const kinds = [...new Set(all.map(({ kind }) => kind))].map((kind) => {
    const of = stated.filter((pair) => pair.kind === kind)
    return [kind, String(of.length), String(of.filter((pair) => isHit(pair, similarityMin)).length)]
  })
  const { wrong, of } = falseHits(stated, similarityMin)
  const upper = upperBound(wrong, of)
  return [
    `At the threshold in use, ${similarityMin}, ${wrong} of ${of} near misses that it was not chosen on are taken for hits: ${((100 * wrong) / of).toFixed(1)} % (95 % interval up to ${(100 * upper).toFixed(1)} %). They are as like each other as could be found; among all ${crowd.pairs} pairs of different claims of SciFact and questions of MuSiQue, ${crowd.alike.length} say the same by its words.`,
    markdownTable(
      [
        'cosine at least',
        'reworded, hits (all pairs)',
        'near misses, hits (all)',
        'reworded, hits (half not chosen on)',
        'near misses, hits (same half)',
        'by the vector alone',
      ],
      rows,
    ),
    markdownTable(['pairs of the half not chosen on', 'n', `hits at ${similarityMin}`], kinds),
    'Vectors: all-MiniLM-L6-v2, the local embedder; a hit needs, besides, the same words in the same order, but for those without a meaning of their own and for plurals. Vectors alone take opposites for the same at every threshold. Pairs: 60 questions, each with a rewording and a near miss written for this; all pairs of SciFact’s claims that rest on one abstract or share half of their words. Halves by a hash of the first question; the rule of words was written after the false hits of an earlier, looser one had been seen in both halves.',
  ].join('\n\n')
}

function share(pairs: Compared[], isSame: boolean, isTaken: (pair: Compared) => boolean): string {
  const of = pairs.filter((pair) => pair.isSame === isSame)
  return `${of.filter(isTaken).length} of ${of.length}`
}

/** Wilson's interval. */
function upperBound(wrong: number, of: number): number {
  const z = 1.96
  const p = wrong / of
  return (p + z ** 2 / (2 * of) + z * Math.sqrt((p * (1 - p)) / of + z ** 2 / (4 * of ** 2))) / (1 + z ** 2 / of)
}
