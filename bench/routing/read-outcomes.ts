import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { env } from 'node:process'

/** A prompt of RouteLLM's evaluation, and for the weak and the strong model whether it was answered rightly and what that cost. */
export interface JudgedPrompt {
  collection: 'GSM8K' | 'MMLU'
  prompt: string
  isTuning: boolean
  weak: JudgedAnswer
  strong: JudgedAnswer
}

export interface JudgedAnswer {
  isRight: boolean
  outputTokens: number
  costUsd: number
}

/**
 * USD per million tokens. Strong, gpt-4-1106-preview: OpenAI's list price of then. Weak, Mixtral 8x7B: $0.24 both ways, as RouteLLM reckons
 * (Ong et al., 2024).
 */
export const prices = { weak: { inputUsd: 0.24, outputUsd: 0.24 }, strong: { inputUsd: 10, outputUsd: 30 } }

const columns = { weak: 'mistralai/Mixtral-8x7B-Instruct-v0.1', strong: 'gpt-4-1106-preview' }
/** MMLU's answers are one letter; RouteLLM keeps none of them. */
const letterTokens = 8
const charsPerToken = 4

/** The collection's prompts, those for tuning marked by a hash of their text; undefined, said aloud, where it is not at hand. */
export function readOutcomes(): JudgedPrompt[] | undefined {
  const folder = join(resolve(env.WEFT_COLLECTIONS ?? '../shared/collections'), 'routellm')
  if (!existsSync(folder)) {
    process.stderr.write(`SKIPPED: no collection at ${folder}; set WEFT_COLLECTIONS to the folder that holds "routellm"\n`)
    return undefined
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.csv'))
    .toSorted()
    .flatMap((name) => readFile(join(folder, name), name.startsWith('gsm8k') ? 'GSM8K' : 'MMLU'))
}

function readFile(file: string, collection: JudgedPrompt['collection']): JudgedPrompt[] {
  const [head = [], ...rows] = parseCsv(readFileSync(file, 'utf8'))
  const cell = (row: string[], column: string) => row[head.indexOf(column)] ?? ''
  return rows.map((row) => {
    const prompt = cell(row, 'prompt')
    const answerOf = (which: 'weak' | 'strong'): JudgedAnswer => {
      const answer = cell(row, `${columns[which]}_response`)
      const outputTokens = answer === '' ? letterTokens : Math.ceil(answer.length / charsPerToken)
      const { inputUsd, outputUsd } = prices[which]
      const costUsd = (Math.ceil(prompt.length / charsPerToken) * inputUsd + outputTokens * outputUsd) / 1_000_000
      return { isRight: cell(row, columns[which]) === 'True', outputTokens, costUsd }
    }
    return { collection, prompt, isTuning: isTuning(prompt), weak: answerOf('weak'), strong: answerOf('strong') }
  })
}

/** Three prompts of ten, whichever the others are. */
function isTuning(prompt: string): boolean {
  return (createHash('sha256').update(prompt).digest()[0] ?? 0) % 10 < 3
}

/** RFC 4180: quoted cells may hold commas, line ends and doubled quotes. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cells = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/gy
  for (const [whole, cell = '', end] of text.matchAll(cells)) {
    if (whole === '') break
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
