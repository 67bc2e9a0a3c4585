import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Day, PlannedCall, PlannedTenant } from './plan-day.ts'

export interface DayTenant {
  name: string
  key: string
}

export interface DayOptions {
  day: Day
  /** Base addresses; calls are spread over them. */
  gateways: string[]
  /** Of the operator. */
  adminKey: string
  /** Tells the tenants of this day from those of another. */
  run: string
  /** How long a simulated day takes. */
  dayTakesMs: number
  /** Ends one of the gateways, at these shares of the calls. */
  kills: { at: number[]; kill(gateway: number): unknown }
}

/** What the callers saw: how many answers of each status; `left` and `broken` are those that ended otherwise. */
export type Seen = Record<string, number>

/** What callers were refused with, by status, code and message without its numbers. */
export type Refusals = Record<string, number>

const callsAtOnce = 48
/** Whoever calls on a budget that throttles does not wait longer. */
const patienceMs = 300

/** Makes the tenants with their keys and budgets, lives the day until all gateways are back, and answers what the callers saw. */
export async function liveDay(options: DayOptions): Promise<{ tenants: DayTenant[]; seen: Seen; refusals: Refusals }> {
  const { day, gateways, run, dayTakesMs, kills } = options
  const tenants = await Promise.all(day.tenants.map((planned, index) => makeTenant(options, `${run}-${index}`, planned)))
  const seen: Seen = {}
  const refusals: Refusals = {}
  const killsLeft = kills.at.map((share) => Math.floor(share * day.calls.length))
  const startedAt = performance.now()
  let next = 0
  const live = async () => {
    for (let n = next++; n < day.calls.length; n = next++) {
      const call = day.calls[n]
      if (call === undefined) return
      const dueMs = (call.atMs / 86_400_000) * dayTakesMs - (performance.now() - startedAt)
      if (dueMs > 0) await sleep(dueMs)
      const nth = killsLeft.indexOf(n)
      if (nth >= 0) void kills.kill(nth % gateways.length)
      const { what, refusal } = await make(call, { gateways, n, tenant: tenants[call.tenant], planned: day.tenants[call.tenant] })
      seen[what] = (seen[what] ?? 0) + 1
      if (refusal !== undefined) refusals[refusal] = (refusals[refusal] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, live))
  await Promise.all(gateways.map(untilReady))
  return { tenants, seen, refusals }
}

const startsWithinMs = 60_000

/** One that was killed late in the day is still starting. */
async function untilReady(url: string): Promise<void> {
  const until = performance.now() + startsWithinMs
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (performance.now() > until) throw new Error(`${url} did not come back within a minute`)
    await sleep(200)
  }
}

interface Way {
  gateways: string[]
  n: number
  tenant: DayTenant | undefined
  planned: PlannedTenant | undefined
}

interface Outcome {
  what: string
  refusal?: string
}

async function make(call: PlannedCall, { gateways, n, tenant, planned }: Way): Promise<Outcome> {
  const reader = new AbortController()
  const timer = planned?.budget?.onBreach === 'throttle' ? setTimeout(() => reader.abort(), patienceMs) : undefined
  try {
    const response = await reach(gateways, n, {
      path: call.kind === 'embedding' ? '/v1/embeddings' : '/v1/chat/completions',
      key: tenant?.key ?? '',
      body: bodyOf(call),
      signal: reader.signal,
    })
    clearTimeout(timer)
    const what = String(response.status)
    if (response.status !== 200) return { what, refusal: `${what} ${refusalIn(await response.text())}` }
    if (!call.isLeft) {
      await response.arrayBuffer()
      return { what }
    }
    await response.body?.getReader().read()
    reader.abort()
    return { what: 'left' }
  } catch {
    return { what: reader.signal.aborted ? 'left' : 'broken' }
  } finally {
    clearTimeout(timer)
  }
}

const Refusal = z.object({ error: z.looseObject({ code: z.string().nullable(), message: z.string() }) })

/** Its code and its message; amounts, times and names of tenants differ from call to call. */
function refusalIn(body: string): string {
  const { code, message } = Refusal.parse(JSON.parse(body)).error
  return `${code ?? ''}: ${message.replaceAll(/\bday-[\w-]+|\d[\d.,]*(?![\w.-])/g, '…')}`
}

/** The next gateway in turn; while one is down or says that it cannot, another is asked, as a load balancer does. A request that was sent is not sent again. */
async function reach(
  gateways: string[],
  n: number,
  { path, key, body, signal }: { path: string; key: string; body: object; signal: AbortSignal },
): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(`${gateways[(n + tries) % gateways.length]}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      })
      if (response.status !== 503 || tries >= gateways.length - 1) return response
      await response.arrayBuffer()
    } catch (thrown) {
      if (!isRefused(thrown) || tries >= 200) throw thrown
      if (tries % gateways.length === gateways.length - 1) await sleep(100)
    }
  }
}

function isRefused(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

function bodyOf({ kind, id, model, question, answerTokens, fate, fallbacks }: PlannedCall): object {
  if (kind === 'embedding') return { model, input: question, user: id }
  return {
    model,
    user: id,
    stream: kind === 'stream',
    max_tokens: 2 * answerTokens,
    messages: [{ role: 'user', content: question }],
    metadata: { tokens: String(answerTokens), fate },
    ...(fallbacks.length === 0 ? {} : { weft: { fallbacks } }),
  }
}

const MadeKey = z.looseObject({ key: z.string() })

async function makeTenant({ gateways, adminKey }: DayOptions, name: string, { budget }: PlannedTenant): Promise<DayTenant> {
  const url = gateways[0] ?? ''
  const wish = { name: 'day', tenant: name, scopes: ['chat', 'admin'] }
  const { key } = MadeKey.parse(await send(`${url}/v1/keys`, { method: 'POST', key: adminKey, body: wish }))
  if (budget !== undefined) {
    const id = budget.scope === 'agent' ? { id: 'gateway' } : {}
    await send(`${url}/v1/budgets`, { method: 'PUT', key, body: { ...budget, ...id, period: 'total' } })
  }
  return { name, key }
}

async function send(url: string, { method, key, body }: { method: string; key: string; body: object }): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${JSON.stringify(answer)}`)
  return answer
}
