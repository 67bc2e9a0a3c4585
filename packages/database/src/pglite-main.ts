import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorMessage } from '@weft/contracts'
import { readSettings } from '@weft/settings'
import { z } from 'zod'
import { createCluster } from './create-cluster.ts'
import { lockFolder } from './folder-lock.ts'
import { startPgliteServer } from './pglite-server.ts'

const PgliteSettings = z.object({
  WEFT_PGLITE_PORT: z.coerce.number().int().min(1).max(65_535),
  WEFT_PGLITE_DATA: z.string().min(1),
})

function say(level: 'info' | 'error', message: string, fields: object = {}): void {
  const stream = level === 'info' ? process.stdout : process.stderr
  stream.write(`${JSON.stringify({ level, service: 'pglite', message, ...fields })}\n`)
}

try {
  const { WEFT_PGLITE_PORT: port, WEFT_PGLITE_DATA: dataFolder } = readSettings(PgliteSettings)
  mkdirSync(dirname(dataFolder), { recursive: true, mode: 0o700 })
  const unlock = lockFolder(dataFolder)
  await createCluster(dataFolder)
  const server = await startPgliteServer({ port, dataFolder })
  say('info', 'the database is listening', { port: server.port })

  let isStopping = false
  const stop = async () => {
    if (isStopping) return
    isStopping = true
    await server.stop()
    unlock()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (cause) {
  say('error', errorMessage(cause))
  process.exit(1)
}
