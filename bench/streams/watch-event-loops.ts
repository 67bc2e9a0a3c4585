import type { MeshProcess } from '../measuring/bench-mesh.ts'

/** Services tell the p99 of their last 15 to 30 s, so looking now and then misses nothing. */
const lookEveryMs = 3_000
const services = ['gateway', 'orchestrator', 'reasoning', 'planner']

/** Reads the event-loop delay that services tell of in `/metrics`; `stop` answers the largest of each, in milliseconds. */
export function watchEventLoops(processes: MeshProcess[]): { stop(): Promise<Map<string, number>> } {
  const largestMs = new Map<string, number>()
  const watched = processes.filter(({ name }) => services.includes(name))
  const look = async () => {
    for (const { name, ports } of watched) largestMs.set(name, Math.max(largestMs.get(name) ?? 0, await readDelayMs(ports.app)))
  }
  // What happened before the watch began is still told of for a while.
  const timer = setInterval(() => void look(), lookEveryMs)
  return {
    async stop() {
      clearInterval(timer)
      await look()
      return largestMs
    },
  }
}

async function readDelayMs(port: number | undefined): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const found = /^nodejs_eventloop_delay_p99_seconds(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1]
  if (found === undefined) throw new Error(`port ${port} tells no event-loop delay`)
  return Number(found) * 1_000
}
