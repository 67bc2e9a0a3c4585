import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'

/** Runs a service that throws this when its settings are read, or when it starts. */
function failing(where: 'settings' | 'start', thrown: string): { status: number | null; stderr: string } {
  const module = join(import.meta.dirname, 'run-service.ts')
  const fail = `() => { throw ${thrown} }`
  const life =
    where === 'settings'
      ? `{ settings: ${fail} }`
      : `{ settings: () => undefined, compose: async () => ({ start: async ${fail}, stop: async () => undefined }) }`
  const script = `import { WeftError } from '@weft/contracts'; import { runService } from ${JSON.stringify(module)}; await runService('gateway', ${life})`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' })
  return { status, stderr }
}

it.each([
  ['start', "new WeftError('conflict', 'the database is of a newer version')", 78, 'the database is of a newer version'],
  ['settings', "Object.assign(new Error('wrong settings'), { code: 'invalid_settings' })", 78, 'wrong settings'],
  ['start', "new WeftError('dependency_unavailable', 'the database is away')", 1, 'the database is away'],
] as const)('of what fails at its %s, %s, a service ends with %i and one line that says why', (where, thrown, status, why) => {
  expect(failing(where, thrown)).toEqual({ status, stderr: `gateway could not start: ${why}\n` })
})
