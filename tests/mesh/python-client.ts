import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { followProgram } from './followed-program.ts'
import { startProgram } from './running-mesh.ts'

const requirement = 'openai==3.57.0'
const pipInstall = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '15']

export interface PythonClient {
  /** Runs a file of this folder where the client is installed; answers its standard output. Throws with what it said when it fails. */
  run(file: string, env: Record<string, string>): Promise<string>
  remove(): Promise<void>
}

/** A Python with OpenAI's published client, in a folder of its own. Undefined, said aloud, where that cannot be had. */
export async function installPythonClient(): Promise<PythonClient | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-python-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const python = join(folder, 'bin', 'python')
  try {
    await runProgram('python3', ['-m', 'venv', folder])
    await runProgram(python, [...pipInstall, requirement])
  } catch (cause) {
    await remove()
    process.stderr.write(`SKIPPED: python3 with ${requirement} cannot be had here: ${String(cause).slice(0, 500)}\n`)
    return undefined
  }
  return { run: (file, env) => runProgram(python, [join(import.meta.dirname, file)], env), remove }
}

async function runProgram(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const child = startProgram(command, args, env)
  const program = followProgram(child)
  const [code]: unknown[] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${program.output()}`)
  return program.stdout()
}
