import { CliError } from '../../cli-error.ts'
import type { IngestionTools } from './ingestion-tools.ts'
import { progressBar } from './terminal.ts'

const pollDelaysMs = { first: 100, max: 1_000 } as const

/** A large PDF may keep the server busy for long; a store in which nothing moves for this long is given up on. */
const stalledAfterMs = 600_000

/**
 * Polls until none of the awaited files (id → path) is in progress; answers those that failed. Throws when the server makes no
 * progress for ten minutes.
 */
export async function waitUntilIndexed(
  awaited: ReadonlyMap<string, string>,
  { storeId, tools }: { storeId: string; tools: Pick<IngestionTools, 'knowledge' | 'terminal' | 'now' | 'sleep'> },
): Promise<{ fileId: string; path: string; reason: string }[]> {
  if (awaited.size === 0) return []
  const { knowledge, terminal, now, sleep } = tools
  let delayMs: number = pollDelaysMs.first
  let leastInProgress = Number.POSITIVE_INFINITY
  let movedAtMs = now()
  for (;;) {
    const { inProgress } = await knowledge.countFiles(storeId)
    if (inProgress === 0 || (inProgress < 100 && !(await isAnyAwaited(awaited, await knowledge.listInProgress(storeId))))) break
    if (inProgress < leastInProgress) {
      leastInProgress = inProgress
      movedAtMs = now()
    } else if (now() - movedAtMs > stalledAfterMs) {
      throw new CliError(
        'stalled',
        `the server has indexed nothing for ${stalledAfterMs / 60_000} minutes; run the command again to go on waiting`,
      )
    }
    terminal.showProgress(`indexing ${progressBar(Math.max(0, awaited.size - inProgress), awaited.size)}`)
    await sleep(delayMs)
    delayMs = Math.min(delayMs * 1.5, pollDelaysMs.max)
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
