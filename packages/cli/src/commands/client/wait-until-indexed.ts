import { CliError } from '../../cli-error.ts'
import type { IngestionTools } from './ingestion-tools.ts'
import type { KnowledgeApi } from './knowledge-api.ts'
import { progressBar, type Terminal } from './terminal.ts'

/** The pause between two looks is a share of the time waited so far, so that short waits end promptly, and long ones ask rarely. */
const pollDelays = { share: 0.03, leastMs: 150, mostMs: 1_000 } as const
/**
 * Counting takes the server longer with more files, so then it is asked less often: counting may take this share of the time. The fastest count so far is used, because
 * a slow one may have waited for something else, such as the building of an index.
 */
const pollTime = { share: 0.02, mostMs: 10_000 } as const

/** How long nothing may change in a store before waiting is given up; shorter when it is known what is wrong. */
const stalledAfterMs = { unexplained: 600_000, failing: 120_000 } as const
/** How often it is asked how many vectors are missing while no file is completed, because a large file gets its vectors little by little. */
const askVectorsEveryMs = 15_000

type WaitTools = Pick<IngestionTools, 'knowledge' | 'now' | 'sleep'> & { terminal: Pick<Terminal, 'showProgress'> }

/**
 * Waits until none of the awaited files (id → path) is in progress, and answers those that failed. Throws when the server makes no progress for ten minutes, or for two
 * while it says that the embedding model fails.
 */
export async function waitUntilIndexed(
  awaited: ReadonlyMap<string, string>,
  { storeId, tools }: { storeId: string; tools: WaitTools },
): Promise<{ fileId: string; path: string; reason: string }[]> {
  if (awaited.size === 0) return []
  const { knowledge, terminal, now, sleep } = tools
  const startedAtMs = now()
  let countMs = Number.POSITIVE_INFINITY
  const movement = watchMovement(tools)
  for (;;) {
    const askedAtMs = now()
    const { inProgress } = await knowledge.countFiles(storeId)
    if (inProgress === 0 || (inProgress < 100 && !(await isAnyAwaited(awaited, await knowledge.listInProgress(storeId))))) break
    countMs = Math.min(countMs, now() - askedAtMs)
    const failure = await movement.look(inProgress)
    const bar = progressBar(Math.max(0, awaited.size - inProgress), awaited.size)
    terminal.showProgress(`indexing ${bar}${failure === undefined ? '' : `  waits: ${failure}`}`)
    const { share, leastMs, mostMs } = pollDelays
    const usualMs = Math.min(mostMs, Math.max(leastMs, (now() - startedAtMs) * share))
    await sleep(Math.max(usualMs, Math.min(pollTime.mostMs, countMs / pollTime.share)))
  }
  const failures = await knowledge.listFailures(storeId)
  return failures.flatMap(({ fileId, message }) => {
    const path = awaited.get(fileId)
    return path === undefined ? [] : [{ fileId, path, reason: message }]
  })
}

function isAnyAwaited(awaited: ReadonlyMap<string, string>, inProgress: string[]): boolean {
  return inProgress.some((fileId) => awaited.has(fileId))
}

/**
 * Watches the progress. `look` is given how many files are in progress, answers what keeps them from getting vectors, and throws once nothing has changed for
 * too long.
 */
function watchMovement({ knowledge, now }: Pick<WaitTools, 'knowledge' | 'now'>) {
  let least = Number.POSITIVE_INFINITY
  let movedAtMs = now()
  let askedAtMs = now()
  let vectors: Awaited<ReturnType<KnowledgeApi['readVectorProgress']>>

  async function askVectors(): Promise<void> {
    askedAtMs = now()
    const before = vectors
    vectors = await knowledge.readVectorProgress()
    if (before !== undefined && vectors !== undefined && before.waiting !== vectors.waiting) movedAtMs = now()
  }

  return {
    async look(inProgress: number): Promise<string | undefined> {
      if (inProgress < least) {
        least = inProgress
        movedAtMs = now()
        vectors = undefined
      }
      const quietSinceMs = Math.max(movedAtMs, askedAtMs)
      if (now() - quietSinceMs >= askVectorsEveryMs) await askVectors()
      const failure = vectors?.failure
      const patienceMs = failure === undefined ? stalledAfterMs.unexplained : stalledAfterMs.failing
      if (now() - movedAtMs > patienceMs) throw stalled(patienceMs, failure)
      return failure
    },
  }
}

function stalled(patienceMs: number, failure: string | undefined): CliError {
  const what = `the server has indexed nothing for ${patienceMs / 60_000} minutes`
  const remedy =
    failure === undefined
      ? '"npx weft status" and "npx weft embeddings status" tell whether all of it runs; run the command again to go on waiting'
      : `${failure}. See to that, or name another model by WEFT_EMBEDDER (off: search by words alone) and start the mesh again; then run this command again, it sends nothing twice. By their words the files are found already`
  return new CliError('stalled', `${what}: ${remedy}`)
}
