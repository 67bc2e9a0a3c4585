import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, newId, WeftError } from '@weft/contracts'
import type { Actor } from '../core/actor.ts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { SweepBatch, SweepDeps, SweepRound, SweptBatch } from './sweep-batch.ts'
import { sweepCalls } from './sweep-calls.ts'
import { sweepChain } from './sweep-chain.ts'
import { sweepSessions } from './sweep-sessions.ts'

export type Removed = Record<'sessions' | 'calls' | 'audit' | 'approvals', number>

export interface Swept {
  removed: Removed
  /** Whether this sweep ran out of time: the next one goes on where it stopped. */
  isMoreDue: boolean
  /** The first reason why something that is due stays; undefined when nothing does. */
  problem: string | undefined
}

export interface SweepWish {
  tenant: string
  limits: RetentionLimits
  by: Actor
  /** How long the sweep may take. It ends after the batch during which this time runs out. */
  forMs: number
  signal: AbortSignal
}

/** The pause after each batch is as long as the batch took, within these bounds, so that the database has time for everybody else. */
const pauseMs = { min: 20, max: 1_000 }

/**
 * Moves what is old of a tenant to the archive, batch by batch. One process at a time does so: throws `conflict` while another one sweeps the tenant. It may be
 * called again at any time, and goes on with what is left. When a process dies after writing a batch and before removing it, that batch is in the archive twice.
 */
export async function sweepTenant(deps: SweepDeps, { tenant, limits, by, forMs, signal }: SweepWish): Promise<Swept> {
  const holder = newId('req')
  const confirm = async () => {
    if (!(await deps.store.holdLease(tenant, holder)))
      throw new WeftError(
        'conflict',
        `what is old of "${tenant}" is being removed by another process: try again in half a minute`,
      )
  }
  await confirm()
  const untilMs = deps.nowMs() + forMs
  const swept: Swept = { removed: { sessions: 0, calls: 0, audit: 0, approvals: 0 }, isMoreDue: false, problem: undefined }
  const round: SweepRound = { ...(deps.rounds.get(tenant) ?? { hasSeenSessions: false, after: undefined }) }
  try {
    for (const [kind, first] of kindsOf(deps, { tenant, limits, by, confirm }, round)) {
      let batch: (() => Promise<SweptBatch>) | undefined = first
      while (batch !== undefined && deps.nowMs() < untilMs && !signal.aborted) {
        const startedMs = deps.nowMs()
        // The batch before may have taken longer than a lease lasts.
        await confirm()
        const { removed, problems, next, after }: SweptBatch = await batch()
        swept.removed[kind] += removed
        if (problems.length > 0) swept.problem ??= errorMessage(problems[0])
        batch = next
        if (kind === 'sessions') Object.assign(round, { after, hasSeenSessions: next === undefined })
        if (batch !== undefined) await pause(deps.nowMs() - startedMs, signal)
      }
      swept.isMoreDue ||= batch !== undefined
    }
    if (swept.isMoreDue) deps.rounds.set(tenant, round)
    else deps.rounds.delete(tenant)
  } finally {
    await deps.store.releaseLease(tenant, holder).catch(() => undefined)
  }
  return swept
}

type Kind = [keyof Removed, () => Promise<SweptBatch>]

/** Sessions come first, because the archive's line of a session has its approvals and calls, which must still be there to be read. */
function kindsOf(deps: SweepDeps, batch: SweepBatch, { hasSeenSessions, after }: SweepRound): Kind[] {
  const { sessions, calls, audit } = batch.limits
  const kinds: Kind[] = []
  if (sessions !== undefined && !hasSeenSessions)
    kinds.push(['sessions', () => sweepSessions(deps, batch, { days: sessions, after })])
  if (calls !== undefined) kinds.push(['calls', () => sweepCalls(deps, batch, calls)])
  if (audit !== undefined) {
    kinds.push(['audit', () => sweepChain(deps, batch, { chain: 'audit', days: audit })])
    kinds.push(['approvals', () => sweepChain(deps, batch, { chain: 'approvals', days: audit })])
  }
  return kinds
}

async function pause(tookMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(pauseMs.max, Math.max(pauseMs.min, tookMs)), undefined, { signal }).catch(() => undefined)
}
