import { askTcp } from './ask-health.ts'
import type { Finding } from './finding.ts'

/** The share of its memory that may be used, so that there is time left to raise the bound. */
export const usedShareMax = 0.9

/** Checks how much of its memory the embedded Redis uses. When none is left it refuses every commit of a session, although it answers everything else. */
export async function checkRedis({ port, password }: { port: number; password: string }): Promise<Finding> {
  const answer = (await askTcp(port, `AUTH ${password}\r\nINFO memory\r\n`, /maxmemory:\d+\r\n|(^|\n)-.*\r\n/)) ?? ''
  const [used, max] = ['used_memory', 'maxmemory'].map((name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(answer)?.[1]))
  const remedy = 'start again with a larger WEFT_REDIS_MAXMEMORY (such as 4gb), or delete sessions: npx weft sessions delete'
  if (used === undefined || max === undefined || !(max > 0))
    return { what: 'Redis memory', ok: false, detail: 'Redis does not tell', remedy: 'npx weft logs redis' }
  const detail = `${megabytes(used)} MB of ${megabytes(max)} MB in use`
  return { what: 'Redis memory', ok: used < usedShareMax * max, detail, remedy }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576)
}
