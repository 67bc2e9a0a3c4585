import type { Agent, Dispatcher } from 'undici'

/**
 * How long an unused connection to a provider stays open, unless its server names another time. People ask a few times a minute, and a new connection costs two
 * round trips and a handshake of keys. It is well below the 350 s after which address translators forget a connection.
 */
const keepIdleMs = 30_000

let opened: Promise<Dispatcher> | undefined

/** `fetch` over connections that are kept for {@link keepIdleMs}; Node's own `fetch` keeps them for 4 s. */
export const fetchKept: typeof fetch = async (input, init) => {
  opened ??= openKept()
  const kept: object = { ...init, dispatcher: await opened }
  return fetch(input, kept)
}

async function openKept(): Promise<Dispatcher> {
  const { Dispatcher1Wrapper } = await import('undici')
  // Node's `fetch` comes from an earlier undici; the wrapper translates between its handlers and those of this one.
  return new Dispatcher1Wrapper(await openKeptAgent({}))
}

/** Makes an agent with connections of its own, which the caller has to destroy. `connectMs`: how long opening a connection may take; default 10 s. */
export async function openKeptAgent({ connectMs }: { connectMs?: number }): Promise<Agent> {
  const undici = await import('undici')
  return new undici.Agent({
    keepAliveTimeout: keepIdleMs,
    ...(connectMs === undefined ? {} : { connect: { timeout: connectMs } }),
  })
}
