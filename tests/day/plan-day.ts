/** What a provider makes of a call: answers it, refuses it as wrong, or breaks off in the middle of a stream. */
export type Fate = 'whole' | 'refused' | 'cut'

export interface PlannedCall {
  /** `t<tenant>-<number>`: unique to the day, and the call's `user` in the ledger. */
  id: string
  tenant: number
  /** Milliseconds since midnight. */
  atMs: number
  kind: 'chat' | 'stream' | 'embedding'
  model: string
  question: string
  answerTokens: number
  fate: Fate
  /** The reader of a stream leaves after its first piece. */
  isLeft: boolean
  /** Other models that may answer. */
  fallbacks: string[]
}

export interface PlannedTenant {
  budget?: { scope: 'tenant' | 'agent'; limitUsd: number; onBreach: 'reject' | 'degrade' | 'throttle' } | undefined
}

export interface Day {
  tenants: PlannedTenant[]
  /** In the order of their times. */
  calls: PlannedCall[]
}

/** USD of a million tokens, in and out, as the registry has them. */
export const prices: Readonly<Record<string, readonly [number, number]>> = {
  'openai/gpt-6-luna': [0.1, 0.5],
  'openai/gpt-6.1-sol': [2, 10],
  'openai/gpt-6-astra': [10, 50],
  'openai/text-embedding-3-small': [0.02, 0],
}
const [cheap, usual, dear, embedder] = Object.keys(prices) as [string, string, string, string]
/** The one whose provider fails now and then, so that its breaker opens; and it is the one that has others behind it. */
export const shaky = usual

const dayMs = 86_400_000

/** A day of `tenants` tenants with `each` calls; the same for the same seed. */
export function planDay({ tenants, each, seed }: { tenants: number; each: number; seed: number }): Day {
  const random = uniform(seed)
  const calls = Array.from({ length: tenants * each }, (_, n) => planCall(n % tenants, n, random))
  return {
    calls: calls.toSorted((left, right) => left.atMs - right.atMs),
    tenants: Array.from({ length: tenants }, (_, tenant) =>
      planTenant(
        tenant,
        calls.filter((call) => call.tenant === tenant),
      ),
    ),
  }
}

/** Half have more than they need; a third run out of theirs in the afternoon, each way a budget can. */
function planTenant(tenant: number, calls: PlannedCall[]): PlannedTenant {
  const plannedUsd = calls.reduce((sum, call) => sum + costOf(call), 0)
  const some = { scope: 'tenant', limitUsd: roundUsd(0.6 * plannedUsd) } as const
  switch (tenant % 10) {
    case 0:
      return {}
    case 1:
    case 2:
      return { budget: { ...some, onBreach: 'reject' } }
    case 3:
      return { budget: { ...some, onBreach: 'degrade' } }
    case 4:
      return { budget: { ...some, onBreach: 'throttle' } }
    case 5:
      return { budget: { ...some, scope: 'agent', onBreach: 'reject' } }
    default:
      return { budget: { scope: 'tenant', limitUsd: roundUsd(10 * plannedUsd + 10), onBreach: 'reject' } }
  }
}

function planCall(tenant: number, n: number, random: () => number): PlannedCall {
  const kind = pick(random, [
    ['stream', 5],
    ['chat', 4],
    ['embedding', 1],
  ] as const)
  const model =
    kind === 'embedding'
      ? embedder
      : pick(random, [
          [cheap, 6],
          [shaky, 2],
          [dear, 2],
        ] as const)
  const breaksOff = kind === 'stream' && model === shaky
  const isUnlucky = kind !== 'embedding' && random() < (breaksOff ? 0.3 : 0.06)
  const fate = isUnlucky ? (breaksOff ? 'cut' : 'refused') : 'whole'
  return {
    id: `t${tenant}-${n}`,
    tenant,
    atMs: timeOf(random),
    kind,
    model,
    question: `Question ${n}. ${'Where do herons stand? '.repeat(1 + Math.floor(20 * random()))}`,
    answerTokens: Math.ceil(100 + 4_000 * random() ** 2),
    fate,
    isLeft: kind === 'stream' && fate === 'whole' && random() < 0.1,
    fallbacks: model === shaky && random() < 0.5 ? [cheap] : [],
  }
}

/** Most work is done from nine to five. */
function timeOf(random: () => number): number {
  const isAtWork = random() < 0.8
  return isAtWork ? dayMs * (9 / 24 + (8 / 24) * random()) : dayMs * random()
}

function costOf({ model, question, answerTokens }: PlannedCall): number {
  const [input = 0, output = 0] = prices[model] ?? []
  return (question.length * input + answerTokens * output) / 1e6
}

function roundUsd(usd: number): number {
  return Number(usd.toFixed(4))
}

function pick<T>(random: () => number, choices: readonly (readonly [T, number])[]): T {
  let left = random() * choices.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [choice, weight] of choices) {
    left -= weight
    if (left < 0) return choice
  }
  throw new RangeError('nothing to pick from')
}

/** Mulberry32 (Tommy Ettinger, public domain). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
