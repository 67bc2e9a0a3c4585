import { WeftError } from '@weft/contracts'
import { z } from 'zod'

/**
 * Whether a call certainly never reached the app it was for: the own sidecar took no connection, or sidecars say that they found no way to the app. What may
 * have been sent, as over a connection that broke, is none of these.
 */
export function isUnsent(thrown: unknown): boolean {
  if (!(thrown instanceof WeftError)) return false
  return NoConnection.safeParse(thrown.cause).success || Unsent.safeParse(thrown.details).success
}

const NoConnection = z.union([
  z.object({ syscall: z.literal('connect'), code: z.literal('ECONNREFUSED') }),
  z.object({ code: z.literal('UND_ERR_CONNECT_TIMEOUT') }),
])
const Unsent = z.object({ isUnsent: z.literal(true) })

/**
 * Of a call that sidecars repeat only the last try is told, and an earlier one may have been sent. Where they repeat calls, that takes them longer than this:
 * two seconds at least by `restart` of dapr/resiliency.
 */
const onceMsMax = 1_000

/**
 * Whether a sidecar says, in Dapr 1.18's words, that nothing was sent to the app, in a message that came after `tookMs`. An app may hand on what its own sidecar
 * said of another app, which is told by the name.
 */
export function saysUnsent(
  message: string,
  { appId, tookMs = Number.POSITIVE_INFINITY }: { appId: string; tookMs?: number | undefined },
): boolean {
  const start = `failed to invoke, id: ${appId}, err: `
  return tookMs < onceMsMax && message.startsWith(start) && noWay.test(message.slice(start.length))
}

const noSidecar = 'no host found with the given ID$'
const toSidecar = 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp '
const toApp = 'rpc error: code = Internal desc = error invoking app channel: Post "[^"]+": dial tcp '
const noWay = new RegExp(`^(?:${noSidecar}|(?:failed to invoke target \\S+ after 0 retries\\. Error: )?${toSidecar}|${toApp})`)
