import { readSettings } from '@weft/settings'
import { z } from 'zod'
import { startPgliteServer } from './pglite-server.ts'

const PgliteSettings = z.object({
  WEFT_PGLITE_PORT: z.coerce.number().int().min(1).max(65_535),
  WEFT_PGLITE_DATA: z.string().min(1),
})

const settings = readSettings(PgliteSettings)
const server = await startPgliteServer({ port: settings.WEFT_PGLITE_PORT, dataFolder: settings.WEFT_PGLITE_DATA })
process.stdout.write(
  `${JSON.stringify({ level: 'info', service: 'pglite', message: 'the database is listening', port: server.port })}\n`,
)

let isStopping = false
const stop = async () => {
  if (isStopping) return
  isStopping = true
  await server.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
