import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { askHealth, type Health } from './ask-health.ts'
import { countSilence, watchPollMs } from './count-silence.ts'
import type { ProcessSnapshot, ProcessState } from './process-snapshot.ts'
import type { ProcessSpec } from './process-spec.ts'
import { countFailure, restartDelayMs, restartDelayMsMaxDefault } from './restart-delay.ts'
import type { RotatingLog } from './rotating-log.ts'
import { describeEnd } from './describe-end.ts'
import { readStartMark, signalGroup } from './running-process.ts'

const startingPollMs = 100

/** How long a process that starts may answer nothing: it may have to migrate a database or replay a log first. */
const startingSilenceMs = 180_000

export interface SupervisedProcessOptions {
  log: RotatingLog
  onChange: (snapshot: ProcessSnapshot) => void
  restartDelayMsMax?: number
}

const supervisorMark = 'supervisor:'

/** Whether a line of a process's log was written by its supervisor. */
export function isSupervisorLine(line: string): boolean {
  return line.includes(`"message":"${supervisorMark}`)
}

/** Keeps a process running: starts it, watches its health, and starts it again, with growing delays, when it ends or answers nothing. */
export class SupervisedProcess {
  readonly spec: ProcessSpec
  readonly #log: RotatingLog
  readonly #onChange: (snapshot: ProcessSnapshot) => void
  readonly #restartDelayMsMax: number
  readonly #firstReady = Promise.withResolvers<void>()
  readonly #wake = new AbortController()
  #child: ChildProcess | undefined
  #startMark: string | undefined
  #state: ProcessState = 'waiting'
  #startedAtMs = 0
  #readyAfterMs: number | undefined
  #lookedAtMs = 0
  #silentMs = 0
  #isOwnKill = false
  #wasEverReady = false
  #hasRefused = false
  #restarts = 0
  #failuresInARow = 0
  #failuresBeforeReady = 0
  #lastExit: string | undefined

  constructor(spec: ProcessSpec, { log, onChange, restartDelayMsMax }: SupervisedProcessOptions) {
    this.spec = spec
    this.#log = log
    this.#onChange = onChange
    this.#restartDelayMsMax = restartDelayMsMax ?? restartDelayMsMaxDefault
  }

  /** Resolves when it has been ready once; never rejects. */
  get firstReady(): Promise<void> {
    return this.#firstReady.promise
  }

  /** Whether it ended with its own word that starting it again would not help, before it was ever ready. */
  get hasRefused(): boolean {
    return this.#hasRefused
  }

  /** How often it has ended since it was last ready. A process that never becomes ready is not worth waiting for. */
  get failuresBeforeReady(): number {
    return this.#failuresBeforeReady
  }

  snapshot(): ProcessSnapshot {
    const pid = this.#child?.pid
    return {
      name: this.spec.name,
      ports: this.spec.ports,
      state: this.#state,
      restarts: this.#restarts,
      ...(pid === undefined ? {} : { pid, startedAt: new Date(this.#startedAtMs).toISOString() }),
      ...(this.#startMark === undefined ? {} : { startMark: this.#startMark }),
      ...(this.#readyAfterMs === undefined ? {} : { readyAfterMs: this.#readyAfterMs }),
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
    }
  }

  start(): void {
    if (this.#isStopping) return
    const { command, args, cwd, env } = this.spec
    // In a group of its own, so that Ctrl-C on the terminal only reaches the supervisor, which then ends everything in order.
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#startMark = child.pid === undefined ? undefined : readStartMark(child.pid)
    this.#startedAtMs = Date.now()
    this.#lookedAtMs = this.#startedAtMs
    this.#silentMs = 0
    this.#isOwnKill = false
    this.#readyAfterMs = undefined
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => this.#log.write(chunk))
    child.once('error', (error) => this.#ended(child, { how: `could not be started: ${error.message}`, code: null }))
    child.once('exit', (code, signal) =>
      this.#ended(child, { how: describeEnd({ code, signal, isOwnKill: this.#isOwnKill }), code }),
    )
    this.#enter('starting')
    const whileItRuns = new AbortController()
    child.once('exit', () => whileItRuns.abort())
    void this.spec.onStart?.(whileItRuns.signal)
    void this.#watch(child)
  }

  /** Has the process end, to be started again like one that ended by itself. */
  restart(): void {
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, 'SIGTERM')
  }

  /** Ends the process in order, and by force after its grace period. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#wake.abort()
    const child = this.#child
    if (child?.pid !== undefined) {
      this.#enter('stopping')
      await endInOrder(child, child.pid, this.spec.stopGraceMs)
    }
    this.#child = undefined
    this.#startMark = undefined
    this.#enter('stopped')
    this.#log.close()
  }

  /** Kills the process at once. */
  kill(): void {
    this.#wake.abort()
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL')
  }

  get #isStopping(): boolean {
    return this.#wake.signal.aborted
  }

  get #silentMsMax(): number {
    return this.#readyAfterMs === undefined ? startingSilenceMs : this.spec.unhealthyAfterMs
  }

  async #watch(child: ChildProcess): Promise<void> {
    while (this.#child === child && !this.#isStopping) {
      this.#hear(await askHealth(this.spec.probe), child)
      await this.#pause(this.#readyAfterMs === undefined ? startingPollMs : watchPollMs)
    }
  }

  #hear(health: Health, child: ChildProcess): void {
    if (this.#child !== child || this.#isStopping) return
    const nowMs = Date.now()
    this.#silentMs = countSilence(this.#silentMs, { isSilent: health === 'silent', passedMs: nowMs - this.#lookedAtMs })
    this.#lookedAtMs = nowMs
    if (health === 'ready') this.#becomeReady()
    else if (this.#readyAfterMs !== undefined) this.#enter(health === 'silent' ? 'silent' : 'unready')
    if (health !== 'silent' || this.#silentMs < this.#silentMsMax) return
    this.#note(`answered nothing for ${Math.round(this.#silentMs / 1000)} s and is killed`)
    this.#isOwnKill = true
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
  }

  #becomeReady(): void {
    this.#readyAfterMs ??= Date.now() - this.#startedAtMs
    this.#failuresBeforeReady = 0
    this.#wasEverReady = true
    this.#enter('ready')
    this.#firstReady.resolve()
  }

  #ended(child: ChildProcess, { how, code }: { how: string; code: number | null }): void {
    if (this.#child !== child) return
    // What it had started is of no use without it, and may hold its ports.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    if (this.#isStopping) return
    this.#child = undefined
    this.#startMark = undefined
    this.#lastExit = `${how} at ${new Date().toISOString()}`
    this.#failuresInARow = countFailure(this.#failuresInARow, Date.now() - this.#startedAtMs)
    this.#failuresBeforeReady += 1
    this.#hasRefused = !this.#wasEverReady && code !== null && code === this.spec.refusalExitCode
    if (this.#hasRefused) return this.#enter('stopped')
    const delayMs = restartDelayMs(this.#failuresInARow, this.#restartDelayMsMax)
    this.#note(`${how}; starting it again ${delayMs === 0 ? 'at once' : `in ${delayMs / 1000} s`}`)
    this.#enter('restarting')
    void this.#restartAfter(delayMs)
  }

  async #restartAfter(delayMs: number): Promise<void> {
    await this.#pause(delayMs)
    if (this.#isStopping) return
    this.#restarts += 1
    this.start()
  }

  /** Waits, but no longer than until it is told to stop. */
  async #pause(durationMs: number): Promise<void> {
    await sleep(durationMs, undefined, { signal: this.#wake.signal }).catch(() => undefined)
  }

  #enter(next: ProcessState): void {
    if (next === this.#state) return
    this.#state = next
    this.#onChange(this.snapshot())
  }

  #note(what: string): void {
    const line = { timestamp: new Date().toISOString(), level: 'warn', message: `${supervisorMark} ${this.spec.name} ${what}` }
    this.#log.write(`${JSON.stringify(line)}\n`)
  }
}

async function endInOrder(child: ChildProcess, pid: number, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  signalGroup(pid, 'SIGTERM')
  const killTimer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs)
  await ended
  clearTimeout(killTimer)
  signalGroup(pid, 'SIGKILL')
}
