import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { postLocal } from './post-local.ts'

/** For the first four seconds of a scheduler: etcd answers, then the scheduler asks it for its own lease, both well within them. */
const pollMs = 200
const attemptsMax = 20

/** Where Dapr's scheduler keeps its leadership in its embedded etcd (go-etcd-cron 0.12, internal/key). */
const leadershipKeys = { key: base64('dapr/leadership/'), range_end: base64('dapr/leadership0') }

const Keys = z.object({ kvs: z.array(z.object({ lease: z.string().default('0') })).default([]) })
const Leases = z.object({ leases: z.array(z.object({ ID: z.string() })).default([]) })

/**
 * A scheduler that was killed leaves a lease of 20 s on its leadership, and the next one lets every reminder call wait for its end.
 * The supervisor knows that there is no other scheduler, so it ends the lease as soon as the new one asks for its own.
 * Never throws: without it, reminders only come later.
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
  // The order of the two questions matters: were the key read last, it could hold the new lease, and the list still the old one.
  const { leases } = parseJson(Leases, await postLocal(etcdPort, '/v3/lease/leases', {}), 'etcd')
  return staleLease(
    kvs[0]?.lease,
    leases.map(({ ID }) => ID),
  )
}

/** The lease on the leadership's key, when another lease is beside it: a new scheduler's, which waits. */
export function staleLease(keyLease: string | undefined, leases: string[]): string | undefined {
  return leases.some((lease) => lease !== keyLease) ? keyLease : undefined
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
