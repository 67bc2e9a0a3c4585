import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../measuring/bench-mesh.ts'
import { runInstaller } from '../measuring/peer-process.ts'

export const temporalVersion = '1.32.2'
/** The Go it asks for; Go fetches that by itself. */
const goVersion = 'go1.26.10'
/** Paths in its module, and what Go names what it makes of them. */
const programs = { server: 'cmd/server', sql: 'cmd/tools/sql' }

/**
 * The folder of Temporal's server and of the tool that installs its schema, built with Go from the published module on first use: 5 to 15 minutes.
 * Throws when they could not be built.
 */
export async function buildTemporal(): Promise<string> {
  const folder = join(cacheFolder, `bench-temporal-${temporalVersion}`, 'bin')
  const isThere = () => Object.keys(programs).every((name) => existsSync(join(folder, name)))
  if (isThere()) return folder
  const settings = ['CGO_ENABLED=0', 'GOWORK=off', `GOTOOLCHAIN=${goVersion}`, `GOBIN=${folder}`]
  const modules = Object.values(programs).map((path) => `go.temporal.io/server/${path}@v${temporalVersion}`)
  await runInstaller('env', [...settings, 'go', 'install', '-trimpath', '-ldflags', '-s -w', ...modules])
  if (!isThere()) throw new Error('its server could not be built with Go')
  return folder
}
