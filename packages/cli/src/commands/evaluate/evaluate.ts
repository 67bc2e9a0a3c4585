import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { exitCodes } from '../../cli-error.ts'
import { withMesh } from '../client/connect-mesh.ts'
import { usageError } from '../client/explain-failure.ts'
import { wholeNumberOption } from '../client/whole-number-option.ts'
import { createKnowledgeApi } from '../client/knowledge-api.ts'
import { outlastOutages } from '../client/outlast-outages.ts'
import { requireStore, storeNameOption } from '../client/resolve-store.ts'
import { evaluateCollection } from './evaluate-collection.ts'
import { createEvaluationApi } from './evaluation-api.ts'
import { type Gate, gateOption } from './gate-option.ts'
import { readCollection } from './read-collection.ts'
import { renderEvaluation } from './render-evaluation.ts'
import { defaultSettings, type Setting, settingOption } from './setting-option.ts'

type EvaluateOptions = {
  setting?: Setting[]
  store?: string
  reload?: boolean
  queries?: number
  answers?: number
  gate?: Gate[]
  choose?: boolean
  apply?: boolean
  seed: number
  json?: boolean
}

export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure search and answers on a judged collection, settings side by side (docs/evaluation.md)')
    .argument('<folder>', 'holds corpus.jsonl, queries.jsonl and qrels.tsv')
    .option(
      '--setting <setting>',
      'bm25, vector, hybrid, default, or hybrid:fusion=rrf,textWeight=0.5; repeatable',
      settingOption,
    )
    .option('--store <name>', 'evaluate what this vector store holds, instead of loading corpus.jsonl', storeNameOption)
    .option('--reload', 'load corpus.jsonl anew, for a server that cuts or embeds otherwise than when it was loaded')
    .option('--queries <number>', 'search for a sample of so many questions', wholeNumberOption('--queries', countBounds))
    .option(
      '--answers <number>',
      'have so many questions answered, and check citations, quotes and abstention',
      wholeNumberOption('--answers', countBounds),
    )
    .option('--gate <bound>', 'such as hybrid.ndcg@10>=0.70; exits 1 when one is missed; repeatable', gateOption)
    .option('--choose', 'find the fusion and weight that are best on this collection')
    .option('--apply', 'store the choice with the vector store')
    .option('--seed <number>', 'of samples and intervals', wholeNumberOption('--seed', seedBounds), 1)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', exitCodesHelp)
    .action((folder: string, options: EvaluateOptions, command: Command) => runEvaluate({ folder, options, command }))
}

const exitCodesHelp = `
Exit codes: 0 done, 1 a gate was missed or a request failed, 2 wrong usage or a broken collection, 3 mesh not up.`

const countBounds = { min: 1, max: 1_000_000 }
const seedBounds = { min: 0, max: 2 ** 31 - 1 }

async function runEvaluate({
  folder,
  options,
  command,
}: {
  folder: string
  options: EvaluateOptions
  command: Command
}): Promise<void> {
  if (options.apply === true && options.choose !== true) throw usageError('--apply needs --choose')
  if (options.reload === true && options.store !== undefined)
    throw usageError('--reload loads corpus.jsonl, and --store does not')
  const collection = await readCollection(folder, { withDocuments: options.store === undefined })
  await withMesh(command, async ({ mesh: { client, url }, terminal, isJson }) => {
    const report = await evaluateCollection(
      {
        collection,
        settings: options.setting ?? defaultSettings,
        store: options.store === undefined ? undefined : await requireStore(client, options.store),
        isReloaded: options.reload === true,
        queriesMax: options.queries,
        answersMax: options.answers ?? 0,
        gates: options.gate ?? [],
        choosing: options.choose === true ? { isApplied: options.apply === true } : undefined,
        seed: options.seed,
      },
      {
        api: createEvaluationApi(client),
        knowledge: outlastOutages(createKnowledgeApi(client), { meshUrl: url, terminal, now: Date.now, sleep }),
        terminal,
        now: Date.now,
        preciseNowMs: () => performance.now(),
        sleep,
      },
    )
    for (const note of report.notes) terminal.note(`note: ${note}`)
    if (isJson) terminal.printJson(report)
    else for (const line of renderEvaluation(report)) terminal.print(line)
    if (report.gates.some(({ isMet }) => !isMet)) process.exitCode = exitCodes.failed
  })
}
