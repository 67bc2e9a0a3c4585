import { expect, it } from '@jest/globals'
import type { ApprovalPolicy } from '@weft/contracts'
import fc from 'fast-check'
import type { TurnState } from './session-state.ts'
import { checkRepairs } from './testing/check-advance.ts'
import { anyScenario, determinedScenario } from './testing/random-scenario.ts'
import { runSequentially } from './testing/sequential-run.ts'
import { type Scenario, SimulatedWorld } from './testing/simulated-world.ts'

/** A slow machine plays fewer, and tells the seed of what failed before its time is over. */
const bounds = { interruptAfterTimeLimit: 45_000 }

type Move = (world: SimulatedWorld) => unknown

const everyday: Move[] = [
  (world) => world.perform(),
  (world) => world.perform(),
  (world) => world.perform(),
  (world) => world.finish(),
  (world) => world.finish(),
  (world) => world.deliver(),
  (world) => world.deliver(),
  (world) => world.deliver(),
  (world) => world.record(),
  (world) => world.decide('approve'),
]

/** What may happen to work and messages without anything being lost for good. */
const survivable: Move[] = [
  (world) => world.deliverTwice(),
  (world) => world.forget(),
  (world) => world.lose(),
  (world) => world.wait(700),
  (world) => world.crash(),
  (world) => world.submit(),
  (world) => world.send({ type: 'pause' }),
  (world) => world.send({ type: 'resume' }),
  (world) => world.send({ type: 'resume' }),
  (world) => world.decide('change'),
  (world) => world.fork(),
]

const harmful: Move[] = [
  (world) => world.cutOff(),
  (world) => world.cutOff(),
  (world) => world.wait(400_000),
  (world) => world.decide('reject'),
  (world) => world.decide('change'),
  (world) => world.decide('rearrange'),
  (world) => world.decide('rearrange'),
  (world) => world.decide('rearrange'),
  (world) => world.cancel(),
]

const usual = [...everyday, ...everyday, ...survivable]

/** Each number is a choice: of the next move, or of what it takes. */
const scripts = fc.noBias(fc.array(fc.nat(10_000), { maxLength: 300, size: 'max' }))
/** After how many moves the session is deleted; most are not. */
const deletions = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(60) })

interface Play {
  script: number[]
  moves: Move[]
  /** A choice of the turn and the step that a last fork begins with. */
  forkedFrom: number
  deletedAfter?: number | undefined
  policies?: ApprovalPolicy[]
}

async function play(
  scenarios: Scenario[],
  { script, moves, forkedFrom, deletedAfter, policies = [] }: Play,
): Promise<SimulatedWorld> {
  let used = 0
  const pick = (count: number) => (script[used++] ?? 0) % count
  const world = new SimulatedWorld(scenarios, { pick, policies })
  for (let move = 0; used < script.length; move += 1) {
    if (move === deletedAfter) world.send({ type: 'delete' })
    await moves[pick(moves.length)]?.(world)
  }
  await world.calm()
  await world.fork((count) => forkedFrom % count)
  return world
}

/** Whoever stands in for another agent is let do so first. */
const guard: ApprovalPolicy = {
  name: 'stand-ins',
  match: { agent: 'second' },
  isRequired: true,
  assignees: [],
  quorum: 1,
  onTimeout: 'reject',
  escalation: [],
}

it('any turns under any interleaving of results, repeats, losses, crashes, pauses, cancels, decisions, changed plans, forks and a deletion end, and break no rule on the way', async () => {
  const scenarios = fc.array(anyScenario, { minLength: 1, maxLength: 3 })
  const more = fc.record({
    forkedFrom: fc.noBias(fc.nat(10_000)),
    deletedAfter: deletions,
    policies: fc.constantFrom<ApprovalPolicy[]>([], [guard]),
  })
  await fc.assert(
    fc.asyncProperty(scenarios, scripts, more, async (turns, script, more) => {
      const world = await play(turns, { script, moves: [...usual, ...harmful], ...more })
      if (world.isDeleted) expect(world.session.state.deletion).toBe('erased')
      else expect(world.ended.size).toBe(turns.length)
    }),
    { numRuns: 150, ...bounds },
  )
})

it('turns whose failures can be repaired, and forks of them from any step, come to what doing one step after the other comes to, whatever happens to their host', async () => {
  const scenarios = fc.array(determinedScenario, { minLength: 1, maxLength: 2 })
  await fc.assert(
    fc.asyncProperty(scenarios, scripts, fc.noBias(fc.nat(10_000)), async (turns, script, forkedFrom) => {
      const world = await play(turns, { script, moves: usual, forkedFrom })
      for (const { session } of [world, ...world.forks.map((fork) => fork.world)]) checkRepairs(session.events)
      for (const [index, scenario] of turns.entries()) expectSequential(world.ended.get(index + 1), scenario)
      for (const { turn, world: forked } of world.forks) expectSequential(forked.ended.get(1), turns[turn - 1])
    }),
    { numRuns: 100, ...bounds },
  )
})

function expectSequential(turn: TurnState | undefined, scenario: Scenario | undefined): void {
  if (scenario === undefined) throw new RangeError('there is no such turn')
  const { plan, fates } = scenario
  const { statuses, outputs } = runSequentially(plan, fates)
  const steps = Object.entries(turn?.steps ?? {})
  expect(Object.fromEntries(steps.map(([stepId, { status }]) => [stepId, status]))).toEqual(statuses)
  expect(
    Object.fromEntries(steps.flatMap(([stepId, { outcome }]) => (outcome === undefined ? [] : [[stepId, outcome.output]]))),
  ).toEqual(outputs)
  expect(turn?.status).toBe(statuses[plan.answerStepId] === 'succeeded' ? 'completed' : 'failed')
}
