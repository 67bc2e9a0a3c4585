import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorMessage, startRefusedExitCode } from '@weft/contracts'
import { readSettings } from '@weft/settings'
import { z } from 'zod'
import { createCluster } from './create-cluster.ts'
import { DamagedFolder, explainOpening, refuseRemnant } from './damaged-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { startPgliteServer } from './pglite-server.ts'

const PgliteSettings = z.object({
  WEFT_PGLITE_PORT: z.coerce.number().int().min(1).max(65_535),
  WEFT_PGLITE_DATA: z.string().min(1),
})

function say(message: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ level: 'info', service: 'pglite', message, ...fields })}\n`)
}

try {
  const { WEFT_PGLITE_PORT: port, WEFT_PGLITE_DATA: dataFolder } = readSettings(PgliteSettings)
  mkdirSync(dirname(dataFolder), { recursive: true, mode: 0o700 })
  const unlock = lockFolder(dataFolder)
  refuseRemnant(dataFolder)
  await createCluster(dataFolder)
  const server = await startPgliteServer({ port, dataFolder }).catch((cause: unknown) => {
    throw explainOpening(dataFolder, cause)
  })
  say('the database is listening', { port: server.port })

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
  process.stderr.write(`pglite could not start: ${errorMessage(cause)}\n`)
  process.exit(cause instanceof DamagedFolder ? startRefusedExitCode : 1)
}
