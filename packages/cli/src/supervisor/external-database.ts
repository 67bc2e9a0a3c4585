import { type DatabaseLook, lookAtDatabases } from '@weft/database'
import { databaseSettings, readSettings } from '@weft/settings'
import { CliError } from '../cli-error.ts'
import type { Finding } from './finding.ts'

/**
 * Throws `database_unusable`, in one line, when none of the databases of DATABASE_URLS lets this user in; `SettingsError` when they are no URLs. One that is not there yet is
 * said to be waited for: the services wait for it.
 */
export async function refuseUnusableDatabase(urls: string, note: (line: string) => void): Promise<void> {
  const looks = await lookAt(urls)
  const problem = findProblem(looks)
  if (problem === undefined) return
  if (looks.every(({ state }) => state === 'refuses'))
    throw new CliError('database_unusable', `the database of DATABASE_URLS ${problem}`)
  note(`waiting for the database of DATABASE_URLS: ${problem}`)
}

/** Whether a database of DATABASE_URLS lets the mesh in. */
export async function checkExternalDatabase(urls: string): Promise<Finding> {
  const looks = await lookAt(urls)
  const problem = findProblem(looks)
  return {
    what: 'DATABASE_URLS',
    ok: problem === undefined,
    detail: problem ?? looks.map(({ place }) => place).join(', '),
    remedy: 'see that it runs and lets this user in, and that DATABASE_URLS names it',
  }
}

function lookAt(urls: string): Promise<DatabaseLook[]> {
  return lookAtDatabases(readSettings(databaseSettings, { DATABASE_URLS: urls }).DATABASE_URLS)
}

/** Why no database can be used; undefined when one can. */
function findProblem(looks: DatabaseLook[]): string | undefined {
  const problems = looks.flatMap((look) => {
    if (look.state === 'open') return []
    return `${look.place} ${look.state === 'away' ? 'is not reached' : 'refuses'}: ${look.why}`
  })
  return problems.length < looks.length ? undefined : problems.join('; ')
}
