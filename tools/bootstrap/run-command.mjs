import { spawn } from 'node:child_process'
import { BootstrapError, interrupted } from './bootstrap-error.mjs'

const OUTPUT_LINES_MAX = 12
const STDOUT_CHARS_MAX = 4_000_000
const KILL_AFTER_MS = 2_000
const runningGroups = new Set()

process.on('exit', () => {
  for (const pid of runningGroups) killGroup(pid, 'SIGKILL')
})

/**
 * Runs a program to its end in a process group of its own, so that an interruption ends its children too.
 * Answers `{stdout}`. Throws COMMAND_MISSING, COMMAND_FAILED (with the last lines it wrote) or INTERRUPTED.
 */
export function runCommand(command, args, { cwd, env = process.env, signal, onLine = () => {} } = {}) {
  if (signal?.aborted) return Promise.reject(interrupted())
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = collectOutput(child, onLine)
    const stopWatching = endOnAbort(child, signal)
    child.on('error', (cause) => {
      stopWatching()
      reject(startFailure(command, cause))
    })
    child.on('close', (exitCode, exitSignal) => {
      stopWatching()
      if (signal?.aborted) return reject(interrupted())
      if (exitCode === 0) return resolve({ stdout: output.stdout() })
      const how = exitSignal ? `was ended by ${exitSignal}` : `exited with ${exitCode}`
      reject(new BootstrapError('COMMAND_FAILED', `${command} ${how}`, { output: output.lastLines() }))
    })
  })
}

/** The trimmed standard output of a short question (`--version`), or undefined when it cannot be answered in time. */
export async function askCommand(command, args, { env, timeoutMs = 5_000 } = {}) {
  try {
    const { stdout } = await runCommand(command, args, { env, signal: AbortSignal.timeout(timeoutMs) })
    return stdout.trim()
  } catch {
    return undefined
  }
}

function startFailure(command, cause) {
  if (cause.code === 'ENOENT') return new BootstrapError('COMMAND_MISSING', `${command} is not installed`, { cause })
  return new BootstrapError('COMMAND_FAILED', `${command} could not be started: ${cause.message}`, { cause })
}

function endOnAbort(child, signal) {
  if (child.pid) runningGroups.add(child.pid)
  let killTimer
  const end = () => {
    killGroup(child.pid, 'SIGTERM')
    killTimer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS)
  }
  signal?.addEventListener('abort', end, { once: true })
  return () => {
    signal?.removeEventListener('abort', end)
    clearTimeout(killTimer)
    runningGroups.delete(child.pid)
  }
}

function killGroup(pid, signalName) {
  if (!pid) return
  try {
    process.kill(-pid, signalName)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function collectOutput(child, onLine) {
  const lines = []
  let stdout = ''
  const watch = (stream, keepAll) => {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (chunk) => {
      if (keepAll && stdout.length < STDOUT_CHARS_MAX) stdout += chunk
      const parts = (rest + chunk).split(/\r?\n/)
      rest = parts.pop()
      for (const line of parts.filter((part) => part.trim() !== '')) remember(line)
    })
    stream.on('end', () => rest.trim() !== '' && remember(rest))
  }
  const remember = (line) => {
    onLine(line)
    lines.push(line.slice(0, 400))
    if (lines.length > OUTPUT_LINES_MAX) lines.shift()
  }
  watch(child.stdout, true)
  watch(child.stderr, false)
  return { stdout: () => stdout, lastLines: () => [...lines] }
}
