/** How a process is asked for its health. Anything it answers means that it is alive; the right answer, that it is ready. */
export type Probe =
  | { kind: 'http'; port: number; path: string; alivePath?: string; headers?: Record<string, string> }
  | { kind: 'redis'; port: number; password: string }
  | { kind: 'postgres'; port: number }

/** Everything needed to run one process of the mesh; nothing here changes while the mesh is up. */
export interface ProcessSpec {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** What it listens on, by purpose, for `weft status`. */
  ports: Record<string, number>
  /** Names of processes that must have been ready once before this one starts. */
  startsAfter: string[]
  probe: Probe
  /** Done beside every start of it, until it ends at the latest; must not throw. */
  onStart?: (signal: AbortSignal) => Promise<void>
  /** A process that is alive but answers nothing for this long is killed and started again. */
  unhealthyAfterMs: number
  /** Stages are ended in ascending order, the processes of one stage together. */
  stopStage: number
  /** How long it may take to end after SIGTERM before it is killed. */
  stopGraceMs: number
}
