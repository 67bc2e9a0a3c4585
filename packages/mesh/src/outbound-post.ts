import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { errorMessage, WeftError } from '@weft/contracts'
import { Agent, request } from 'undici'

/** A body for an address that somebody else chose. */
export interface OutboundPost {
  url: string
  headers: Record<string, string>
  body: string
}

/** What a call outside may reach, and how long it may take. */
export interface OutboundLimits {
  /** Hosts that may be private, such as a receiver on the same machine. */
  privateHosts: ReadonlySet<string>
  /** Of the whole call, in milliseconds. */
  timeoutMs: number
}

/** How much of an answer is read before its connection is closed; nothing but the status is used. */
const answerBytesMax = 4_096

/**
 * Posts to an address that somebody else chose. The name is resolved once and what it resolved to is used, so that it cannot change after it
 * was looked at; private, loopback and metadata addresses are refused, redirects are not followed, size and time are bounded. Answers the
 * status. Throws `permission_denied` for an address that is not to be reached, `upstream_error` when it does not answer.
 */
export async function postOutbound({ url, headers, body }: OutboundPost, limits: OutboundLimits): Promise<number> {
  const target = new URL(url)
  const signal = AbortSignal.timeout(limits.timeoutMs)
  const addresses = await resolvePublic(target, limits.privateHosts, signal)
  const agent = new Agent({
    connect: { timeout: limits.timeoutMs, lookup: (_name, _options, done) => done(null, addresses) },
    maxResponseSize: answerBytesMax * 16,
  })
  try {
    const response = await request(target, { method: 'POST', headers, body, dispatcher: agent, signal })
    await response.body.dump({ limit: answerBytesMax })
    return response.statusCode
  } catch (cause) {
    const why = errorMessage(cause)
    throw new WeftError('upstream_error', `${target.host} did not take it: ${why}`, { isRetryable: true, cause })
  } finally {
    await agent.close()
  }
}

/** Throws `invalid_request` for what is no URL that may be called at all, before anything is resolved. */
export function requireOutboundUrl(url: string, privateHosts: ReadonlySet<string>): void {
  if (!URL.canParse(url)) throw new WeftError('invalid_request', 'not a URL', { param: 'url' })
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw new WeftError('invalid_request', 'the URL must not hold a user or a password', { param: 'url' })
  }
  if (protocol === 'https:' || (protocol === 'http:' && privateHosts.has(hostname))) return
  throw new WeftError('invalid_request', 'the URL must begin with https://', { param: 'url' })
}

interface Address {
  address: string
  family: number
}

async function resolvePublic({ hostname }: URL, privateHosts: ReadonlySet<string>, signal: AbortSignal): Promise<Address[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const found = isIP(host) > 0 ? [{ address: host, family: isIP(host) }] : await lookupAll(host, signal)
  if (found.length === 0) throw new WeftError('upstream_error', `${host} has no address`, { isRetryable: true })
  if (privateHosts.has(hostname)) return found
  if (found.some(({ address, family }) => isPrivate(address, family))) {
    throw new WeftError('permission_denied', `${host} is a private address and is not called`, { isRetryable: false })
  }
  return found
}

/** Gives up with the signal, so that a name server that does not answer takes no longer than a receiver that does not. */
async function lookupAll(host: string, signal: AbortSignal): Promise<Address[]> {
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return await Promise.race([lookup(host, { all: true }), late])
  } catch (cause) {
    throw new WeftError('upstream_error', `${host} has no address`, { isRetryable: true, cause })
  }
}

/** IANA's special-purpose registries (RFC 6890 and its updates): no public host has one of these addresses. */
const special: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
const special6: [string, number][] = [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]
const blocked = new BlockList()
for (const [network, prefix] of special) blocked.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of special6) blocked.addSubnet(network, prefix, 'ipv6')

/** An IPv4 address that is written as IPv6 is checked as the IPv4 address. */
function isPrivate(address: string, family: number): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return blocked.check(mapped, 'ipv4')
  return blocked.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
