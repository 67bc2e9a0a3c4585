import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { anyScenario, determinedScenario } from './testing/random-scenario.ts'
import { runSequentially } from './testing/sequential-run.ts'
import { type Scenario, SimulatedWorld } from './testing/simulated-world.ts'

type Move = (world: SimulatedWorld) => unknown

/** What may happen to work and messages without anything being lost for good. */
const survivable: Move[] = [
  (world) => world.perform(),
  (world) => world.perform(),
  (world) => world.finish(),
  (world) => world.finish(),
  (world) => world.deliver(),
  (world) => world.deliver(),
  (world) => world.deliverTwice(),
  (world) => world.forget(),
  (world) => world.wait(700),
  (world) => world.crash(),
  (world) => world.submit(),
  (world) => world.send({ type: 'pause' }),
  (world) => world.send({ type: 'resume' }),
  (world) => world.decide('approve'),
]

const harmful: Move[] = [
  (world) => world.cutOff(),
  (world) => world.wait(400_000),
  (world) => world.decide('reject'),
  (world) => world.send({ type: 'cancel', turn: undefined }),
]

/** Each number is a choice: of the next move, or of what it takes. */
const scripts = fc.array(fc.nat(10_000), { maxLength: 150, size: 'max' })

async function play(scenarios: Scenario[], script: number[], moves: Move[]): Promise<SimulatedWorld> {
  let used = 0
  const pick = (count: number) => (script[used++] ?? 0) % count
  const world = new SimulatedWorld(scenarios, pick)
  while (used < script.length) await moves[pick(moves.length)]?.(world)
  await world.calm()
  return world
}

it('any turns under any interleaving of results, repeats, losses, crashes, pauses, cancels and decisions end, and break no rule on the way', async () => {
  const scenarios = fc.array(anyScenario, { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(scenarios, scripts, async (turns, script) => {
      const world = await play(turns, script, [...survivable, ...survivable, ...harmful])
      expect(world.ended.size).toBe(turns.length)
    }),
    { numRuns: 400 },
  )
}, 60_000)

it('turns whose failures can be repaired come to what doing one step after the other comes to, whatever happens to their host', async () => {
  const scenarios = fc.array(determinedScenario, { minLength: 1, maxLength: 2 })
  await fc.assert(
    fc.asyncProperty(scenarios, scripts, async (turns, script) => {
      const world = await play(turns, script, survivable)
      for (const [index, { plan, fates }] of turns.entries()) {
        const turn = world.ended.get(index + 1)
        const { statuses, outputs } = runSequentially(plan, fates)
        const steps = Object.entries(turn?.steps ?? {})
        expect(Object.fromEntries(steps.map(([stepId, { status }]) => [stepId, status]))).toEqual(statuses)
        expect(
          Object.fromEntries(steps.flatMap(([stepId, { outcome }]) => (outcome === undefined ? [] : [[stepId, outcome.output]]))),
        ).toEqual(outputs)
        expect(turn?.status).toBe(statuses[plan.answerStepId] === 'succeeded' ? 'completed' : 'failed')
      }
    }),
    { numRuns: 400 },
  )
}, 60_000)
