import { rebuildPace } from './rebuild-pace.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { CliError } from '../../cli-error.ts'
import { type ClientContext, withMesh } from './connect-mesh.ts'
import { describeEmbeddings, describeRebuildCost, type EmbeddingsState, EmbeddingsStateSchema } from './embeddings-report.ts'
import { findModelPrice } from './model-price.ts'
import { progressBar, type Terminal } from './terminal.ts'

export function registerEmbeddings(program: Command): void {
  const embeddings = program
    .command('embeddings')
    .description('which model makes vectors, and making them anew with another (needs a key with the scope admin)')
  embeddings
    .command('status')
    .description('show which model searches go by, and how far a rebuild is')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => showStatus(command))
  embeddings
    .command('rebuild')
    .description('make all vectors anew with the model that is set up; searches go by the old ones until it is done')
    .option('--dry-run', 'say what it would take, and do nothing')
    .option('--detach', 'begin it, and do not wait; it goes on by itself, also after a restart')
    .option('--json', 'answer as JSON')
    .action((options: RebuildOptions, command: Command) => withMesh(command, (context) => rebuild(context, options)))
  embeddings
    .command('cancel')
    .description('end a rebuild, and delete what it made; searches go on by the old vectors')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => cancel(command))
}

type RebuildOptions = { dryRun?: boolean; detach?: boolean }
const path = '/embeddings/rebuild'

async function showStatus(command: Command): Promise<void> {
  await withMesh(command, async (context) => {
    show(EmbeddingsStateSchema.parse(await context.mesh.client.get(path)), context)
  })
}

async function cancel(command: Command): Promise<void> {
  await withMesh(command, async (context) => {
    const { rebuild: running } = EmbeddingsStateSchema.parse(await context.mesh.client.get(path))
    const state = EmbeddingsStateSchema.parse(await context.mesh.client.delete(path))
    if (!context.isJson)
      context.terminal.note(running === null ? 'no rebuild was under way' : `ended the rebuild with ${running.model}`)
    show(state, context)
  })
}

async function rebuild({ mesh, terminal, isJson }: ClientContext, { dryRun, detach }: RebuildOptions): Promise<void> {
  const before = EmbeddingsStateSchema.parse(await mesh.client.get(path))
  const usd = before.chosen === null ? 0 : (await findModelPrice(mesh.client, before.chosen))?.input
  if (dryRun === true) {
    if (isJson) terminal.printJson(before)
    else terminal.print(describeRebuildCost(before, usd))
    return
  }
  terminal.note(describeRebuildCost(before, usd))
  const begun = EmbeddingsStateSchema.parse(await mesh.client.post(path))
  const after =
    detach === true
      ? begun
      : await follow(() => mesh.client.get(path), begun, { terminal, sleep, nowMs: () => performance.now() })
  show(after, { terminal, isJson })
}

type FollowTools = {
  terminal: Pick<Terminal, 'showProgress' | 'endProgress'>
  sleep: (ms: number) => Promise<unknown>
  nowMs(): number
}

const pollMs = 1_000

/** Waits until a rebuild is done. Throws when it is cancelled, or when it waits because the settings name another model. */
export async function follow(
  look: () => Promise<unknown>,
  begun: EmbeddingsState,
  { terminal, sleep: wait, nowMs }: FollowTools,
): Promise<EmbeddingsState> {
  const start = { ms: nowMs(), done: begun.rebuild?.done ?? 0 }
  for (let state = begun; ; state = EmbeddingsStateSchema.parse(await look())) {
    const { rebuild: running, chunks, active, chosen } = state
    if (running === null) {
      terminal.endProgress()
      if (active === chosen) return state
      throw new CliError('cancelled', 'the rebuild was cancelled')
    }
    if (running.isWaiting)
      throw new CliError(
        'conflict',
        `the rebuild with ${running.model} waits: ${chosen ?? 'no model'} is set up now; see weft embeddings cancel`,
      )
    const pace = rebuildPace({ done: running.done - start.done, left: chunks - running.done, tookMs: nowMs() - start.ms })
    terminal.showProgress(`embedding ${progressBar(running.done, chunks)}${pace === '' ? '' : `  ${pace}`}`)
    await wait(pollMs)
  }
}

function show(state: EmbeddingsState, { terminal, isJson }: Pick<ClientContext, 'terminal' | 'isJson'>): void {
  if (isJson) terminal.printJson(state)
  else for (const line of describeEmbeddings(state, Date.now())) terminal.print(line)
}
