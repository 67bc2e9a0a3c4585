import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkGuarantees } from './check-guarantees.ts'
import { findLongFunctions } from './find-long-functions.ts'

/** Limits of the house style: lines of a file and of a function. */
const limits = { fileLines: 300, functionLines: 70 } as const

const root = join(import.meta.dirname, '..', '..')
const findings = [...sourceFiles().flatMap(checkFile), ...checkGuarantees(root, 'docs/guarantees.md'), ...checkDeadExports()]
for (const finding of findings) console.error(finding)
console.log(findings.length === 0 ? 'tidy: nothing to mend' : `tidy: ${findings.length} to mend`)
process.exitCode = findings.length === 0 ? 0 : 1

function sourceFiles(): string[] {
  const patterns = ['*.ts', '*.mjs', '*.cjs']
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '')
}

function checkFile(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  const lines = text.split('\n').length - 1
  const tooLong = lines > limits.fileLines ? [`${path}: ${lines} lines, at most ${limits.fileLines}`] : []
  if (path.endsWith('.test.ts')) return tooLong
  const long = findLongFunctions(text, limits.functionLines).map(
    ({ name, line, length }) => `${path}:${line}: ${name} has ${length} lines, at most ${limits.functionLines}`,
  )
  return [...tooLong, ...long, ...checkImpurity(path, text)]
}

/** Clock, chance and the environment have their places; elsewhere they are passed in. */
function checkImpurity(path: string, text: string): string[] {
  if (!/^(packages|services)\//.test(path)) return []
  const isCore = /\/src\/(.+\/)?core\//.test(path)
  const impure = isCore
    ? (text.match(/\b(Date\.now|Math\.random|new Date\(\))/g) ?? []).map((use) => `${path}: ${use} in core/`)
    : []
  const readsEnvironment = /\bprocess\.env\b/.test(text) && !path.startsWith('packages/settings/')
  return readsEnvironment ? [...impure, `${path}: process.env outside packages/settings`] : impure
}

function checkDeadExports(): string[] {
  const knip = join(import.meta.dirname, 'node_modules', 'knip', 'bin', 'knip.js')
  const run = spawnSync(process.execPath, [knip, '--reporter', 'compact', '--no-progress'], { cwd: root, encoding: 'utf8' })
  return run.status === 0 ? [] : [`dead code (knip):\n${run.stdout}${run.stderr}`]
}
