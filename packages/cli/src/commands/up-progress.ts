import type { DataPaths } from '../supervisor/data-paths.ts'
import { debuggingPorts } from '../supervisor/mesh-plan.ts'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'
import { describeWaits } from './describe-waits.ts'

export interface UpProgress {
  changed(snapshot: ProcessSnapshot): void
  /** From time to time says what is not ready and why, once a start takes longer than usual. */
  look(snapshots: readonly ProcessSnapshot[], logs: string): void
  ready(facts: ReadyFacts): void
  stopping(): void
  killing(): void
  stopped(): void
}

export interface ReadyFacts {
  url: string
  paths: DataPaths
  infrastructureOnly: boolean
  /** Ports by `process.purpose`. */
  ports: Record<string, number>
  /** The admin key, if it was made at this start. It is only shown now. */
  newKey?: string
}

export interface ProgressOptions {
  startedAtMs?: number
  /** Whether `write` only gets one JSON object, once everything is ready. */
  isJson?: boolean
  write?: (line: string) => void
  /** Takes messages on the way. */
  note?: (line: string) => void
}

/** After this long it is said what is not ready. Starts take a few seconds, and the first one on a slow machine about twenty. */
const longStartMs = 30_000

/** One line for every process that became ready, and for every one that ended by itself. */
export function createUpProgress(
  names: string[],
  {
    startedAtMs = performance.now(),
    isJson = false,
    write = console.log,
    note = isJson ? console.error : write,
  }: ProgressOptions = {},
): UpProgress {
  const width = Math.max(...names.map((name) => name.length))
  const waited = new Set(names)
  let isStopping = false
  let tellAtMs = startedAtMs + longStartMs
  return {
    look(snapshots, logs) {
      if (isStopping || performance.now() < tellAtMs) return
      tellAtMs = performance.now() + longStartMs
      for (const line of describeWaits(snapshots, logs)) note(line)
    },
    changed(snapshot) {
      if (isStopping) return
      const line = describeChange(snapshot, { isFirst: waited.has(snapshot.name), width, startedAtMs })
      if (snapshot.state === 'ready') waited.delete(snapshot.name)
      if (line !== undefined) note(line)
    },
    ready: (facts) => {
      const elapsedMs = performance.now() - startedAtMs
      if (isJson) write(JSON.stringify(readyObject(facts, elapsedMs)))
      else for (const line of describeReady(facts, elapsedMs / 1000)) write(line)
    },
    stopping() {
      isStopping = true
      note('stopping: the gateway finishes what it has begun, then all others end (again to end them at once)')
    },
    killing: () => note('ending everything at once'),
    stopped: () => note('stopped'),
  }
}

function readyObject({ url, paths, infrastructureOnly, ports, newKey }: ReadyFacts, elapsedMs: number) {
  return {
    ready: true,
    elapsedMs: Math.round(elapsedMs),
    ...(infrastructureOnly ? { daprEnvironment: paths.daprEnvironment } : { url }),
    ports,
    adminKeyFile: paths.adminKeyFile,
    ...(newKey === undefined ? {} : { newKey }),
  }
}

interface ChangeContext {
  isFirst: boolean
  width: number
  startedAtMs: number
}

function describeChange(
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

function describeReady(facts: ReadyFacts, elapsedS: number): string[] {
  const { url, paths, infrastructureOnly, ports, newKey } = facts
  const ready = infrastructureOnly
    ? [
        `infrastructure is ready (${elapsedS.toFixed(1)} s); for dapr run, first: . ${paths.daprEnvironment}`,
        ...describeDisplaced(ports),
      ]
    : [`Weft is ready at ${url} (${elapsedS.toFixed(1)} s)`]
  const key = newKey === undefined ? [] : [`API key, shown this once and kept in ${paths.adminKeyFile}: ${newKey}`]
  return [...ready, ...key]
}

/** The two ports that only dapr.yaml has; the environment file has the addresses of Redis and the database. */
function describeDisplaced(ports: Record<string, number>): string[] {
  return (['placement', 'scheduler'] as const).flatMap((name) => {
    const [named, taken] = [debuggingPorts[`${name}.grpc`], ports[`${name}.grpc`]]
    return taken === named
      ? []
      : [
          `port ${named}, which dapr/dapr.yaml names for ${name}, is taken: it listens on ${taken}; end what holds the port and start again, or name the other one in a copy of the file`,
        ]
  })
}
