import { expect, it } from '@jest/globals'
import type { ReplyItem } from '@weft/contracts'
import type { AttemptSink } from '../attempts/follow-attempt.ts'
import type { Advance } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import { DrivenSession, planOf } from '../core/testing.ts'
import { performCommand } from './perform-command.ts'
import { createSessionEffects } from './session-effects.ts'

/** Effects of which only the erasure, and what readers are told, does anything. */
function effectsOver(
  eraseRows: () => Promise<void>,
  written: () => Promise<void>,
  send: (item: ReplyItem) => unknown = () => undefined,
) {
  const applied: SessionInput[] = []
  const problems: string[] = []
  const judgedBy: SessionState[] = []
  /** The attempt that began last, and the session it belongs to. */
  const running: { sink?: AttemptSink; state?: () => SessionState } = {}
  const effects = createSessionEffects({
    plans: { prepare() {}, request() {} },
    attempts: {
      start({ sink }) {
        running.sink = sink
      },
      abort() {},
      hold() {},
    },
    replies: { send: (_topic, item) => void send(item), stop: async () => {} },
    eventLog: { append() {}, queuedCount: () => 0, written, stop: async () => {} },
    children: { visit() {}, call() {} },
    erase: eraseRows,
    onProblem: (what) => problems.push(what),
    apply: async (_actorId, input) => void applied.push(input),
    async check(state, input) {
      judgedBy.push(state)
      return input
    },
    peek: () => running.state?.(),
    mayCite: (_agent, capability) => capability !== 'count',
  })
  return { effects, applied, problems, judgedBy, running }
}

it('a reader is told as much of a turn as the most curious one wants, and always its plan and its end', () => {
  const sent: [kind: string, what: string | undefined][] = []
  const { effects, running } = effectsOver(
    async () => {},
    async () => {},
    (item) => sent.push([item.kind, item.kind === 'event' ? item.event.type : undefined]),
  )
  const session = new DrivenSession()
  running.state = () => session.state
  const textTold = () => {
    sent.length = 0
    running.sink?.text('a word', 0)
    return sent.length > 0
  }
  const told = (act: () => Advance): string[] => {
    sent.length = 0
    const { events, commands } = act()
    effects.record('acme.s1', session.state, events)
    for (const command of commands) performCommand(effects, { actorId: 'acme.s1', state: session.state, command })
    return sent.map(([kind, type]) => type ?? kind)
  }
  const plan = planOf([{ stepId: 'a' }, { stepId: 'b', dependsOn: ['a'] }, { stepId: 'answer', dependsOn: ['b'] }])
  expect(
    told(() => session.submit({ idempotencyKey: 'k', replyTopic: 'gateway.1', replyDetail: 'end', options: { plan } })),
  ).toEqual(['plan.ready'])
  expect(told(() => session.succeed('a'))).toEqual([])
  expect(textTold()).toBe(false)
  session.submit({ idempotencyKey: 'k', replyTopic: 'gateway.1', replyDetail: 'events', options: { plan } })
  expect(textTold()).toBe(false)
  session.send({ type: 'attach', replyTopic: 'gateway.1', replyDetail: 'text' })
  session.submit({ idempotencyKey: 'k', replyTopic: 'gateway.1', replyDetail: 'end', options: { plan } })
  expect(textTold()).toBe(true)
  expect(told(() => session.succeed('b'))).toEqual(['step.succeeded', 'step.dispatched'])
  expect(told(() => session.succeed('answer'))).toEqual(['step.succeeded', 'turn.completed', 'end'])
})

it('what an agent tells a session that is no longer in memory is judged by what its step was dispatched for', async () => {
  const nothing = async () => {}
  const { effects, applied, judgedBy, running } = effectsOver(nothing, nothing)
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', agent: 'rag' }])
  const { state } = session
  effects.dispatch('acme.s1', state, { type: 'dispatch', ...session.ref('answer') })
  const outcome = { kind: 'succeeded' as const, output: 'Three.', citations: [], confidence: 1 }
  await running.sink?.apply({ type: 'outcome', ...session.ref('answer'), usage: [], outcome })
  expect(judgedBy).toEqual([state])
  expect(applied).toHaveLength(1)
})

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

it('a deletion that waits for the log is not begun again by every beat, and is once it has failed', async () => {
  const { state } = new DrivenSession()
  const logged = Promise.withResolvers<void>()
  let erasures = 0
  const { effects, applied, problems } = effectsOver(
    async () => {
      erasures += 1
      if (erasures === 1) throw new Error('the database is away')
    },
    () => logged.promise,
  )
  for (let beat = 0; beat < 3; beat += 1) effects.erase('acme.s1', state)
  effects.erase('acme.s2', state)
  await settled()
  expect(erasures).toBe(0)
  logged.resolve()
  await settled()
  expect([erasures, applied.length, problems.length]).toEqual([2, 1, 1])
  effects.erase('acme.s1', state)
  await settled()
  expect([erasures, applied.length]).toEqual([3, 2])
})

it.each([
  ['clerk', undefined, ['Seven']],
  ['clerk', 'drop' as const, []],
  ['rag', 'drop' as const, ['Seven [2].']],
])(
  'text of %s is shown before its citations were looked at as far as none is in it (unverified: %s)',
  (agent, unverified, shown) => {
    const sent: string[] = []
    const { effects, running } = effectsOver(
      async () => {},
      async () => {},
      (item) => item.kind === 'text' && sent.push(item.delta),
    )
    const session = new DrivenSession()
    running.state = () => session.state
    const options = { plan: planOf([{ stepId: 'answer', agent }]), unverified }
    const { commands } = session.submit({ replyTopic: 'gateway.1', options })
    for (const command of commands) performCommand(effects, { actorId: 'acme.s1', state: session.state, command })
    running.sink?.text('Seven [2].', 0)
    expect(sent).toEqual(shown)
  },
)

it('a reader that shows the search is told what is searched for, and nobody else of any params', () => {
  const sent: unknown[] = []
  const { effects } = effectsOver(
    async () => {},
    async () => {},
    (item) => sent.push(item.kind === 'event' ? item.event.plan : undefined),
  )
  const params = { query: 'notice periods', maxResults: 8 }
  const plan = planOf([
    { stepId: 'find', capability: 'retrieve', params },
    { stepId: 'answer', dependsOn: ['find'] },
  ])
  for (const showsSearch of [true, false]) {
    const session = new DrivenSession()
    const { events } = session.submit({ replyTopic: 'gateway.1', options: { plan }, showsSearch })
    effects.record('acme.s1', session.state, events)
    const [told] = sent.splice(0).filter((value) => value !== undefined)
    expect(told).toMatchObject({ steps: [{ params: showsSearch ? { query: params.query } : {} }, {}] })
    expect(JSON.stringify(told).includes('maxResults')).toBe(false)
  }
})

it.each([
  ['report', ['So x']],
  ['count', ['So x', '[1] is first']],
])('text behind what looks like a citation is shown at once only where the capability cites nothing: %s', (capability, shown) => {
  const sent: string[] = []
  const { effects, running } = effectsOver(
    async () => {},
    async () => {},
    (item) => item.kind === 'text' && sent.push(item.delta),
  )
  const session = new DrivenSession()
  running.state = () => session.state
  session.submit({ options: { plan: planOf([{ stepId: 'answer', capability }]) }, replyTopic: 'topic' })
  const ref = session.ref('answer')
  effects.dispatch('actor', session.state, { type: 'dispatch', ...ref })
  running.sink?.text('So x', 0)
  running.sink?.text('[1] is first', 4)
  expect(sent).toEqual(shown)
})
