import { progressBar, type Terminal } from '../client/terminal.ts'
import { type Gold, measureQuery } from './core/measure-query.ts'
import type { Span } from './core/span-metrics.ts'
import type { WeftSearch, Setting } from './setting-option.ts'

export type SearchCase = { text: string; gold: Gold }

/** The results of a setting: for every metric its value for each question, in the order of the questions. */
export type SearchRun = { setting: Setting; values: Map<string, number[]>; latenciesMs: number[]; foundCount: number }

type Searching = {
  settings: readonly Setting[]
  search: (query: string, weft: WeftSearch | undefined) => Promise<Span[]>
  terminal: Pick<Terminal, 'showProgress'>
  preciseNowMs: () => number
}

/**
 * Searches for every question with every setting, one at a time. The settings take turns at being first, so that none profits more than others from warm
 * caches.
 */
export async function runSearches(
  cases: readonly SearchCase[],
  { settings, search, terminal, preciseNowMs }: Searching,
): Promise<SearchRun[]> {
  const runs: SearchRun[] = settings.map((setting) => ({ setting, values: new Map(), latenciesMs: [], foundCount: 0 }))
  for (const [index, { text, gold }] of cases.entries()) {
    for (const run of rotate(runs, index)) {
      const startedAtMs = preciseNowMs()
      const chunks = await search(text, run.setting.weft)
      run.latenciesMs.push(preciseNowMs() - startedAtMs)
      run.foundCount += chunks.length
      note(run.values, measureQuery(chunks, gold))
    }
    terminal.showProgress(`searching ${progressBar(index + 1, cases.length)}`)
  }
  return runs
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const from = by % items.length
  return [...items.slice(from), ...items.slice(0, from)]
}

function note(values: Map<string, number[]>, measured: Map<string, number>): void {
  for (const [name, value] of measured) {
    const noted = values.get(name)
    if (noted === undefined) values.set(name, [value])
    else noted.push(value)
  }
}
