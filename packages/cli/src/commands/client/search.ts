import { knowledgeLimits } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { locateLines } from './locate-lines.ts'
import { placeOf, shortened } from './render-sources.ts'
import { requireStore, storeNameOption } from './resolve-store.ts'
import { wholeNumberOption } from './whole-number-option.ts'

type SearchOptions = { store: string; limit: number; json?: boolean }

export function registerSearch(program: Command): void {
  program
    .command('search')
    .description('show the passages that match best, without an answer')
    .argument('<query>', 'in quotes')
    .option('--store <name>', 'name or id of the vector store', storeNameOption, 'default')
    .option(
      '--limit <number>',
      `how many passages, 1 to ${knowledgeLimits.resultsMax}`,
      wholeNumberOption('--limit', { min: 1, max: knowledgeLimits.resultsMax }),
      10,
    )
    .option('--json', 'print the results as JSON')
    .action((query: string, options: SearchOptions, command: Command) => runSearch({ query, options, command }))
}

const SearchResult = z.looseObject({
  file_id: z.string(),
  filename: z.string(),
  score: z.number(),
  content: z.array(z.looseObject({ text: z.string() })),
  weft: z.looseObject({ start: z.number(), page: z.number().optional(), heading: z.string().optional() }).optional(),
})

async function runSearch({
  query,
  options,
  command,
}: {
  query: string
  options: SearchOptions
  command: Command
}): Promise<void> {
  if (query.trim() === '') throw usageError('the query is empty')
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const store = await requireStore(mesh.client, options.store)
    const page = await mesh.client.vectorStores.search(store.id, { query, max_num_results: options.limit })
    const results = z.array(SearchResult).parse(page.data)
    const lines = await locateLines(
      mesh.client,
      results.map((result) => ({ fileId: result.file_id, start: result.weft?.start ?? 0, quote: textOf(result) })),
    )
    if (isJson) {
      terminal.printJson({ store, results: results.map((result, index) => ({ ...result, ...lineField(lines[index]) })) })
      return
    }
    if (results.length === 0) terminal.note(`nothing in "${store.name}" matches`)
    results.forEach((result, index) => {
      terminal.print(describeResult(result, { rank: index + 1, line: lines[index] }))
    })
  })
}

type SearchResult = z.infer<typeof SearchResult>

function describeResult(result: SearchResult, { rank, line }: { rank: number; line: number | undefined }): string {
  const place = placeOf({ filename: result.filename, line, page: result.weft?.page })
  const heading = result.weft?.heading === undefined ? '' : ` § ${result.weft.heading}`
  return `${rank}. ${place}${heading}  ${result.score.toFixed(3)}\n   ${shortened(textOf(result), 300)}`
}

function textOf(result: SearchResult): string {
  return result.content.map(({ text }) => text).join('\n')
}

function lineField(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line }
}
