import type { ChildProcess } from 'node:child_process'

/** A program a test started, and what it has written so far. */
export interface FollowedProgram {
  stdout(): string
  /** Both streams, in the order they came. */
  output(): string
  /** Waits until the output matches. Throws with the output when the program ends, or the time runs out, before. */
  until(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>
  /** Signals it and answers its exit code; throws, after killing it, when it is not gone in time. */
  end(signal: NodeJS.Signals, timeoutMs: number): Promise<number>
  /** The exit code; -1 when a signal ended it. */
  readonly ended: Promise<number>
}

const pollMs = 50

export function followProgram(child: ChildProcess): FollowedProgram {
  let stdout = ''
  let output = ''
  let hasEnded = false
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk
    output += chunk
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1))
    child.once('exit', (code) => resolve(code ?? -1))
  })
  void ended.then(() => {
    hasEnded = true
  })
  return {
    stdout: () => stdout,
    output: () => output,
    ended,
    async until(pattern, timeoutMs) {
      for (const deadlineMs = Date.now() + timeoutMs; Date.now() < deadlineMs && !hasEnded; ) {
        const match = pattern.exec(output)
        if (match !== null) return match
        await new Promise((resolve) => setTimeout(resolve, pollMs))
      }
      const match = pattern.exec(output)
      if (match !== null) return match
      const what = hasEnded ? `ended with ${await ended}` : `said nothing like it for ${timeoutMs / 1000} s`
      throw new Error(`waited for ${pattern}, but the program ${what}:\n${output}`)
    },
    async end(signal, timeoutMs) {
      child.kill(signal)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          child.kill('SIGKILL')
          reject(new Error(`not gone ${timeoutMs / 1000} s after ${signal}:\n${output}`))
        }, timeoutMs)
      })
      return Promise.race([ended, late]).finally(() => clearTimeout(timer))
    },
  }
}
