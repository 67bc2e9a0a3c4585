// Every check of the repository, two at a time; ends with the sum of all tests. Exit code 0 only when everything passed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const results = join(root, 'node_modules', '.cache', 'weft')
const checks = ['format', 'lint', 'types', 'boundaries', 'tidy']
const suites = ['unit', 'mesh']
/** A test that hangs is a failure that is told, not a run that never ends. */
const runMaxMs = 75 * 60_000

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const turbo = join(root, 'node_modules', '.bin', 'turbo')
const tasks = [...checks, ...suites.map((suite) => `test:${suite}`)]
const run = spawnSync(turbo, ['run', ...tasks, '--filter=//', '--continue', '--concurrency=2', '--env-mode=loose'], {
  cwd: root,
  stdio: 'inherit',
  timeout: runMaxMs,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' },
})

if (run.error !== undefined) console.log(`the checks were ended: ${run.error.message}`)

let passed = 0
let failed = 0
for (const suite of suites) {
  const path = join(results, `${suite}.json`)
  if (!existsSync(path)) {
    console.log(`${suite}: did not run to its end`)
    failed += 1
    continue
  }
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(readFileSync(path, 'utf8'))
  console.log(`${suite}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
  passed += numPassedTests
  failed += Math.max(numFailedTests, numFailedTestSuites)
}
if (run.status !== 0 && failed === 0) failed += 1
console.log(`${run.status === 0 ? 'all checks passed' : 'a check failed, see above'}: ${tasks.join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = run.status === 0 && failed === 0 ? 0 : 1
