import { setTimeout as sleep } from 'node:timers/promises'

export interface Disturbance {
  /** How often each was done, such as `freeze redis`. */
  counts: Map<string, number>
  /** Ends it, and wakes whatever is frozen. */
  stop(): Promise<void>
}

export interface DisturbOptions {
  /** The processes of the mesh as they are now. */
  processes: () => Promise<{ name: string; pid?: number | null | undefined }[]>
  /** How long a frozen process stays so, in milliseconds. */
  freezeMs: number
  random: () => number
}

const signals = { kill: 'SIGKILL', restart: 'SIGTERM', freeze: 'SIGSTOP' } as const
const kinds = ['kill', 'restart', 'freeze'] as const
const pauseMs = { min: 2_000, max: 8_000 }
const stores = ['redis', 'pglite', 'placement', 'scheduler']

/** Kills, stops or freezes one after the other of what the services stand on: stores, sidecars, placement and the scheduler. */
export function disturbNeighbours({ processes, freezeMs, random }: DisturbOptions): Disturbance {
  const stopping = new AbortController()
  const counts = new Map<string, number>()
  const wait = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)

  async function disturbOne(): Promise<void> {
    const neighbours = (await processes()).filter(({ name }) => stores.includes(name) || name.endsWith('-daprd'))
    const neighbour = pick(neighbours, random)
    const kind = pick(kinds, random)
    if (neighbour?.pid == null || kind === undefined || stopping.signal.aborted) return
    if (!signal(neighbour.pid, signals[kind])) return
    const what = `${kind} ${neighbour.name}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
    if (kind !== 'freeze') return
    await wait(freezeMs)
    signal(neighbour.pid, 'SIGCONT')
  }

  async function disturb(): Promise<void> {
    while (!stopping.signal.aborted) {
      await wait(pauseMs.min + random() * (pauseMs.max - pauseMs.min))
      await disturbOne()
    }
  }

  const disturbing = disturb()
  return {
    counts,
    async stop() {
      stopping.abort()
      await disturbing
    },
  }
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)]
}

/** Whether it was still there to hear it. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
