import type { DataPaths } from '../supervisor/data-paths.ts'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'

export interface UpProgress {
  changed(snapshot: ProcessSnapshot): void
  ready(facts: ReadyFacts): void
  stopping(): void
  killing(): void
  stopped(): void
}

export interface ReadyFacts {
  url: string
  paths: DataPaths
  infrastructureOnly: boolean
  /** The admin key, when it was made just now: it is shown this once. */
  newKey?: string
}

/** One line for every process that became ready, and for every one that ended by itself. */
export function createUpProgress(
  names: string[],
  { startedAtMs = performance.now(), write = (line: string): void => console.log(line) } = {},
): UpProgress {
  const width = Math.max(...names.map((name) => name.length))
  const waited = new Set(names)
  let isStopping = false
  return {
    changed(snapshot) {
      if (isStopping) return
      const line = describeChange(snapshot, { isFirst: waited.has(snapshot.name), width, startedAtMs })
      if (snapshot.state === 'ready') waited.delete(snapshot.name)
      if (line !== undefined) write(line)
    },
    ready: (facts) => {
      for (const line of describeReady(facts, (performance.now() - startedAtMs) / 1000)) write(line)
    },
    stopping() {
      isStopping = true
      write('stopping: the gateway finishes what it has begun, then all others end (again to end them at once)')
    },
    killing: () => write('ending everything at once'),
    stopped: () => write('stopped'),
  }
}

interface ChangeContext {
  isFirst: boolean
  width: number
  startedAtMs: number
}

export function describeChange(
  { name, state, restarts, lastExit }: ProcessSnapshot,
  { isFirst, width, startedAtMs }: ChangeContext,
): string | undefined {
  if (state === 'ready' && isFirst)
    return `  ${name.padEnd(width)}  ready after ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`
  if (state === 'ready') return `  ${name.padEnd(width)}  ready again (restarts so far: ${restarts})`
  if (state === 'restarting') return `  ${name.padEnd(width)}  ${lastExit}; starting it again (npx weft logs ${name})`
  if (state === 'silent') return `  ${name.padEnd(width)}  answers nothing`
  return undefined
}

export function describeReady({ url, paths, infrastructureOnly, newKey }: ReadyFacts, elapsedS: number): string[] {
  if (infrastructureOnly)
    return [`infrastructure is ready (${elapsedS.toFixed(1)} s); for dapr run, first: . ${paths.daprEnvironment}`]
  return [
    `Weft is ready at ${url} (${elapsedS.toFixed(1)} s)`,
    ...(newKey === undefined ? [] : [`API key, shown this once and kept in ${paths.adminKeyFile}: ${newKey}`]),
  ]
}
