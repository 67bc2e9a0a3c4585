import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { renderCall, UsageCall } from './render-call.ts'
import type { Terminal } from './terminal.ts'

export function registerUsage(program: Command): void {
  const usage = program
    .command('usage')
    .description('what models were called, and what it cost (needs a key with the scope admin)')
  usage
    .command('list', { isDefault: true })
    .description('sums, the last 30 days by day and model unless asked otherwise')
    .option('--by <names>', `${groups.join(', ')}; comma separated`, groupsOption, ['day', 'model'])
    .option('--from <time>', 'a day or a time; default: 30 days ago', timeOption)
    .option('--to <time>', 'a day or a time, not included; default: now', timeOption)
    .option('--csv', 'answer as CSV')
    .option('--json', 'answer as JSON')
    .action((options: UsageOptions, command: Command) => showUsage(options, command))
  usage
    .command('call')
    .description('one call: what it cost at which price, and why this model answered')
    .argument('<id>', 'of GET /v1/usage/calls')
    .option('--json', 'answer as JSON')
    .action((id: string, _options: object, command: Command) => showCall(id, command))
}

const groups = ['model', 'user', 'agent', 'session', 'day', 'key', 'provider', 'kind', 'outcome']

function groupsOption(value: string): string[] {
  const named = value.split(',').map((group) => group.trim())
  const unknown = named.filter((group) => !groups.includes(group))
  if (unknown.length > 0) throw usageError(`--by knows ${groups.join(', ')}, not "${unknown.join(', ')}"`)
  return [...new Set(named)]
}

const Time = z.union([z.iso.date(), z.iso.datetime({ offset: true })])

function timeOption(value: string): string {
  if (Time.safeParse(value).success) return value
  throw usageError(`"${value}" is no day like 2026-11-30, nor a time like 2026-11-30T12:00:00Z`)
}

type UsageOptions = { by: string[]; from?: string; to?: string; csv?: boolean }

const Sums = z.object({
  calls: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number(),
  estimated: z.object({ calls: z.number() }),
})
type Sums = z.infer<typeof Sums>
const Line = z.looseObject(Sums.shape)
type Line = z.infer<typeof Line>
const Page = z.looseObject({ data: z.array(Line), has_more: z.boolean(), removedUntil: z.string().optional() })

async function showUsage({ by, from, to, csv }: UsageOptions, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const query = { group_by: by.join(','), ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
    if (csv === true) {
      const response = await mesh.client
        .get('/usage', { query: { ...query, format: 'csv' }, __binaryResponse: true })
        .asResponse()
      terminal.print((await response.text()).trimEnd())
      noteRemoved(response.headers.get('x-weft-removed-until') ?? undefined, terminal)
      return
    }
    const page = Page.parse(await mesh.client.get('/usage', { query }))
    if (isJson) terminal.printJson(page)
    else for (const line of renderUsage(page.data, by)) terminal.print(line)
    noteRemoved(page.removedUntil, terminal)
    if (page.has_more && !isJson) terminal.print('… there is more: name a shorter time with --from and --to')
  })
}

function noteRemoved(until: string | undefined, terminal: Pick<Terminal, 'note'>): void {
  if (until !== undefined)
    terminal.note(`calls that began up to ${until} are in the archive, and in no sum any more: see weft retention`)
}

async function showCall(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const call = UsageCall.parse(await mesh.client.get(`/usage/calls/${encodeURIComponent(id)}`))
    if (isJson) terminal.printJson(call)
    else for (const line of renderCall(call)) terminal.print(line)
  })
}

/** A table with a column for each group, then columns with figures, and the total in the last line. */
export function renderUsage(lines: Line[], groups: string[]): string[] {
  const sum = (of: (line: Line) => number) => lines.reduce((all, line) => all + of(line), 0)
  const row = (names: string[], { calls, inputTokens, outputTokens, costUsd, estimated }: Sums) => [
    ...names,
    String(calls),
    String(inputTokens),
    String(outputTokens),
    costUsd.toFixed(4),
    estimated.calls === 0 ? '' : `${estimated.calls} estimated`,
  ]
  const total = {
    calls: sum((line) => line.calls),
    inputTokens: sum((line) => line.inputTokens),
    outputTokens: sum((line) => line.outputTokens),
    costUsd: sum((line) => line.costUsd),
    estimated: { calls: sum((line) => line.estimated.calls) },
  }
  const rows = [
    [...groups, 'calls', 'input', 'output', 'USD', ''],
    ...lines.map((line) =>
      row(
        groups.map((group) => String(line[group] ?? '-')),
        line,
      ),
    ),
    row(
      groups.map((_, index) => (index === 0 ? 'all' : '')),
      total,
    ),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? []
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column < groups.length ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
