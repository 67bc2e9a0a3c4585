import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTokenCounter } from '@weft/models/testing'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/token-estimates/main.ts`: how far the ledger's count of a text, by pieces and by samples of a long one, is from the tokenizer's own count of
 * the whole, and how far four characters a token were. Ends with 1 when a count is more than 3 % off.
 */
const errorMax = 0.03
const root = join(import.meta.dirname, '..', '..')
const asText = { disallowedSpecial: new Set<string>() }
const languages = ['de', 'fr', 'ru', 'ar', 'hi', 'zh', 'ja', 'ko']

const files = (pattern: string) =>
  globSync(pattern, { cwd: root })
    .toSorted()
    .map((file) => readFileSync(join(root, file), 'utf8'))
const corpora: Record<string, string[]> = {
  'English prose (this repository’s pages)': files('{README,ARCHITECTURE,docs/*,docs/decisions/*,deploy/README,bench/README}.md'),
  'TypeScript (this repository)': files('packages/models/src/**/*.ts'),
  'JSON and YAML (this repository)': files('{packages/*/package.json,packages/models/*.yaml,dapr/**/*.yaml,deploy/**/*.json}'),
  'names of places in 8 languages': languages.map(placesIn),
}

const load = watchLoad()
const counter = createTokenCounter({ patienceMs: 60_000 })
const rows: string[][] = []
let worst = 0
for (const [name, texts] of Object.entries(corpora)) {
  const joined = texts.join('\n')
  const long = joined.repeat(Math.ceil(1_000_000 / joined.length))
  const [short = 0, shortWorst = 0] = errorsOf(await counted(texts), texts)
  const [sampled = 0] = errorsOf(await counted([long]), [long])
  const guess = errorsOf(
    texts.map(({ length }) => Math.ceil(length / 4)),
    texts,
  )
  worst = Math.max(worst, short, sampled)
  rows.push([name, String(texts.length), ...[short, shortWorst, sampled].map(percent), ...guess.map(percent)])
}
await counter.stop()
if (worst > errorMax) process.exitCode = 1
recordResults({
  name: 'token-estimates',
  title: 'Tokens that no provider counted',
  load,
  body: [
    markdownTable(['texts', 'n', 'mean error', 'worst', 'of 1 MB, sampled', 'four characters a token: mean', 'worst'], rows),
    '',
    `Against gpt-tokenizer’s own count (o200k_base) of each whole text. Texts up to 32,768 characters are counted whole, in pieces of 512 at most; longer ones at 32 places. Wanted: mean errors and those of 1 MB ≤ ${percent(errorMax)}. Models with another vocabulary than OpenAI’s are further off; nobody measured how far.`,
  ].join('\n'),
})

async function counted(texts: readonly string[]): Promise<number[]> {
  const tokens = await counter.count(texts)
  if (tokens === undefined) throw new Error('the counter gave up')
  return tokens
}

/** Mean and worst. */
function errorsOf(estimates: readonly number[], texts: readonly string[]): number[] {
  const errors = texts.map((text, index) => {
    const exact = countTokens(text, asText)
    return exact === 0 ? 0 : Math.abs((estimates[index] ?? 0) / exact - 1)
  })
  return [errors.reduce((sum, error) => sum + error, 0) / errors.length, Math.max(...errors)]
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** Words of a language that come with Node. */
function placesIn(language: string): string {
  const names = new Intl.DisplayNames([language], { type: 'region' })
  const codes = Array.from({ length: 26 * 26 }, (_, code) => String.fromCharCode(65 + Math.floor(code / 26), 65 + (code % 26)))
  return codes.flatMap((code) => (names.of(code) === code ? [] : [names.of(code)])).join(', ')
}
