/** How a process is asked for its health. Any answer means that it is alive, and the right answer that it is ready. */
export type Probe =
  | { kind: 'http'; port: number; path: string; alivePath?: string; headers?: Record<string, string> }
  | { kind: 'redis'; port: number; password: string }
  | { kind: 'postgres'; port: number }

/** Everything that is needed to run a process of the mesh. It does not change while the mesh is up. */
export interface ProcessSpec {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** Its ports by purpose, for `weft status`. */
  ports: Record<string, number>
  /** Names of processes that must have been ready once before this one starts. */
  startsAfter: string[]
  /** It ends with this code when starting it again would not help. Until it has been ready once, it is then not started again. */
  refusalExitCode?: number
  probe: Probe
  /** Called at every start. The signal aborts when the process ends. Must not throw. */
  onStart?: (signal: AbortSignal) => Promise<void>
  /** A process that is alive but answers nothing for this long is killed and started again. */
  unhealthyAfterMs: number
  /** Stages are ended in ascending order, the processes of one stage together. */
  stopStage: number
  /** How long it may take to end after SIGTERM before it is killed. */
  stopGraceMs: number
}
