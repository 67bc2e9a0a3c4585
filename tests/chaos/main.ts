import { parseArgs } from 'node:util'
import { crashSites } from '@weft/mesh'
import { runChaos, sum } from './run-chaos.ts'

/** `npm run chaos -- [--kills 10000] [--minutes 120] [--turns 16] [--handicap evict|deaf] [--neighbours]`: the long run; exits with 1 when a promise broke. */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '180' },
    handicap: { type: 'string' },
    /** Turns under way at once. A host that starts again wakes all that are its, so many more would have it die before any goes on. */
    turns: { type: 'string', default: '16' },
    passes: { type: 'string', default: '300' },
    /** Also kills, restarts and freezes for 30 s what the services stand on. */
    neighbours: { type: 'boolean', default: false },
  },
})
const handicap = (['evict', 'deaf'] as const).find((known) => known === values.handicap)
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
const now = () => new Date().toISOString().slice(11, 19)
let lastTold = 0
const run = await runChaos({
  killsWanted: Number(values.kills),
  secondsMax: Number(values.minutes) * 60,
  atOnce: Number(values.turns),
  meanPasses: Number(values.passes),
  handicap,
  signal: interrupted.signal,
  freezeMs: values.neighbours ? 30_000 : undefined,
  onProgress(kills) {
    if (Date.now() - lastTold < 60_000) return
    lastTold = Date.now()
    console.log(`${now()} ${kills} kills`)
  },
  onFault: (fault, seen) => console.log(`${now()} ! ${fault}\n${seen}`),
})

console.log(`\n${sum(run.kills)} kills in ${Math.round(run.seconds)} s`)
for (const [point, count] of [...run.kills].toSorted(([, left], [, right]) => right - left)) console.log(`  ${count}\t${point}`)
const silent = crashSites.flatMap((site) => [`before-${site}`, `after-${site}`]).filter((point) => !run.kills.has(point))
if (silent.length > 0) console.log(`nobody died at: ${silent.join(', ')}`)
for (const [what, count] of [...run.disturbances].toSorted()) console.log(`  ${count}\t${what}`)
console.log(`${run.accepted} turns accepted, ${run.completed} completed as they should, ${run.faults.length} not`)
console.log(`${run.readInPieces} of them read event by event over streams that were cut after each`)
console.log(`${run.decided} decisions taken, ${run.effects} effects, ${run.effectFaults.length} lost or doubled`)
console.log(`${run.effectsRepeated} effects told to the sink again after a crash, and left out by it`)
for (const fault of [...run.faults, ...run.effectFaults].slice(0, 20)) console.log(`! ${fault}`)
process.exitCode = run.faults.length + run.effectFaults.length === 0 ? 0 : 1
