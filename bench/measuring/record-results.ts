import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachine, type LoadWatch } from './machine-load.ts'

const resultsFile = join(import.meta.dirname, '..', 'RESULTS.md')
const head = `# Results

Each section is written by its benchmark and replaced by the next run of it: [README.md](README.md) says what is measured, and how.
`

export interface Results {
  /** The benchmark's folder. */
  name: string
  /** Of a benchmark with several sections: which. */
  part?: string
  title: string
  load: LoadWatch
  /** Markdown: tables and what is to be said with them. */
  body: string
}

/** Prints a benchmark's results and puts them into RESULTS.md in place of its earlier ones. */
export function recordResults({ name, part, title, load, body }: Results): void {
  const { before, after } = load.loads()
  const facts = [
    `\`${['node', `bench/${name}/main.ts`, ...process.argv.slice(2)].join(' ')}\``,
    new Date().toISOString().slice(0, 16).replace('T', ' '),
    describeMachine(),
    `load ${before.toFixed(1)} before, ${after.toFixed(1)} after, ${Math.round(load.busyShare() * 100)} % of the cores busy meanwhile`,
  ]
  const section = `## ${title}\n\n${facts.join(' · ')}\n\n${body.trim()}\n`
  console.log(`\n${section}`)
  writeFileSync(resultsFile, replaceSection(readResults(), part === undefined ? name : `${name} ${part}`, section))
}

function readResults(): string {
  try {
    return readFileSync(resultsFile, 'utf8')
  } catch {
    return head
  }
}

/** A section lies between two comments that name it. */
function replaceSection(text: string, name: string, section: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  const block = `${begin}\n${section}\n${end}`
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${block}\n`
  return `${text.slice(0, from)}${block}${text.slice(to + end.length)}`
}
