import type { Agent, Dispatcher } from 'undici'

/**
 * How long a connection to a provider stays open unused, unless its server names another time: people ask a few times a minute, and a new connection
 * costs two round trips and a handshake of keys. Well below the 350 s after which address translators forget a connection.
 */
const keepIdleMs = 30_000

let opened: Promise<Dispatcher> | undefined

/** `fetch` over connections that are kept for {@link keepIdleMs}; Node's own keeps them for 4 s. */
export const fetchKept: typeof fetch = async (input, init) => {
  opened ??= openKept()
  const kept: object = { ...init, dispatcher: await opened }
  return fetch(input, kept)
}

async function openKept(): Promise<Dispatcher> {
  const { Dispatcher1Wrapper } = await import('undici')
  // Node's fetch is of an earlier undici, whose handlers have to be put in its later terms.
  return new Dispatcher1Wrapper(await openKeptAgent({}))
}

/** Connections of its own, to be destroyed by the caller. `connectMs`: how long opening one may take, by default 10 s. */
export async function openKeptAgent({ connectMs }: { connectMs?: number }): Promise<Agent> {
  const undici = await import('undici')
  return new undici.Agent({
    keepAliveTimeout: keepIdleMs,
    ...(connectMs === undefined ? {} : { connect: { timeout: connectMs } }),
  })
}
