import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { postLocal } from './post-local.ts'

/** It looks during the first four seconds of a scheduler. Within them, etcd begins to answer, and the scheduler asks it for its own lease. */
const pollMs = 200
const attemptsMax = 20

/** Where Dapr's scheduler keeps its leadership in its embedded etcd (go-etcd-cron 0.12, internal/key). */
const leadershipKeys = { key: base64('dapr/leadership/'), range_end: base64('dapr/leadership0') }

const Keys = z.object({ kvs: z.array(z.object({ lease: z.string().default('0') })).default([]) })
const Leases = z.object({ leases: z.array(z.object({ ID: z.string() })).default([]) })

/**
 * A scheduler that was killed leaves a lease of 20 s on its leadership, and the next one lets every call about reminders wait until it ends. As there is no other
 * scheduler, this ends the lease as soon as the new one asks for its own. Never throws: without it, reminders only come later.
 */
export async function freeStaleLeadership(etcdPort: number, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax && !signal.aborted; attempt += 1) {
    const lease = await readStaleLease(etcdPort).catch(() => undefined)
    if (lease !== undefined) await postLocal(etcdPort, '/v3/lease/revoke', { ID: lease }).catch(() => undefined)
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

async function readStaleLease(etcdPort: number): Promise<string | undefined> {
  const { kvs } = parseJson(Keys, await postLocal(etcdPort, '/v3/kv/range', { ...leadershipKeys, keys_only: true }), 'etcd')
  // The key must be read first. Read last, it could already have the new lease, while the list still has the old one.
  const { leases } = parseJson(Leases, await postLocal(etcdPort, '/v3/lease/leases', {}), 'etcd')
  return staleLease(
    kvs[0]?.lease,
    leases.map(({ ID }) => ID),
  )
}

/** The lease on the leadership's key, if there is another lease too, which is that of a new scheduler that waits. */
export function staleLease(keyLease: string | undefined, leases: string[]): string | undefined {
  return leases.some((lease) => lease !== keyLease) ? keyLease : undefined
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
