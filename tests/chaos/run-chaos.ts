import { type ChaosOptions, startChaosMesh } from './chaos-mesh.ts'
import { disturbNeighbours } from './disturb-neighbours.ts'
import { driveTurns, type Outcome } from './drive-turns.ts'

export interface ChaosRun extends Omit<Outcome, 'effects'> {
  seconds: number
  kills: Map<string, number>
  effects: number
  /** Effects that should have been and were not, that were under two keys, or that nobody asked for. */
  effectFaults: string[]
  /** How often an agent told the sink of an effect again, which is what the key is for. */
  effectsRepeated: number
  /** What was done to the processes that the services stand on. */
  disturbances: Map<string, number>
}

export interface ChaosLimits extends ChaosOptions {
  killsWanted: number
  secondsMax: number
  atOnce: number
  /** Kills, restarts and freezes, for so many milliseconds, what the services stand on too. */
  freezeMs?: number | undefined
  /** Begins no more turns; those under way are followed to their ends. */
  signal?: AbortSignal | undefined
  onProgress?: (kills: number) => void
  onFault?: (fault: string, seen: string) => void
}

/** Turns are begun until enough processes have died, or the time is over; then all are followed to their ends, and the effects counted. */
export async function runChaos({
  killsWanted,
  secondsMax,
  atOnce,
  freezeMs,
  signal,
  onProgress,
  onFault,
  ...options
}: ChaosLimits): Promise<ChaosRun> {
  const mesh = await startChaosMesh(options)
  const { processes } = mesh
  const disturbance = freezeMs === undefined ? undefined : disturbNeighbours({ processes, freezeMs, random: Math.random })
  const startedAtMs = Date.now()
  let kills = 0
  let isWhole = false
  const counting = setInterval(() => {
    void mesh.kills().then((byPoint) => {
      kills = sum(byPoint)
      onProgress?.(kills)
    })
  }, 2_000)
  try {
    const isOver = () => signal?.aborted === true || kills >= killsWanted || Date.now() - startedAtMs >= secondsMax * 1_000
    const { effects: wanted, ...outcome } = await driveTurns({
      mesh,
      atOnce,
      goesOn: () => !isOver(),
      random: Math.random,
      onFault,
    })
    await disturbance?.stop()
    const effects = await mesh.effects()
    const missing = wanted.filter((key) => !effects.has(key)).map((key) => `${key} did not happen`)
    const unasked = [...effects.keys()].filter((key) => !wanted.includes(key)).map((key) => `${key} was not asked for`)
    isWhole = outcome.faults.length + missing.length + unasked.length === 0
    return {
      ...outcome,
      seconds: (Date.now() - startedAtMs) / 1_000,
      kills: await mesh.kills(),
      effects: effects.size,
      effectFaults: [...missing, ...unasked],
      effectsRepeated: [...effects.values()].reduce((repeated, count) => repeated + count - 1, 0),
      disturbances: disturbance?.counts ?? new Map(),
    }
  } finally {
    clearInterval(counting)
    await disturbance?.stop()
    const folder = await mesh.stop({ keepsData: !isWhole })
    if (!isWhole) console.error(`what was wrong may be seen in ${folder}`)
  }
}

export function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0)
}
