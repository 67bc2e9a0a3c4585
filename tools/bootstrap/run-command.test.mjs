import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { describeFailure, explainFailure } from './bootstrap-error.mjs'
import { isProcessAlive } from './process-identity.mjs'
import { askCommand, runCommand } from './run-command.mjs'

describe('running a program', () => {
  it('answers what it wrote and tells its lines as they come', async () => {
    const lines = []
    const { stdout } = await runCommand('sh', ['-c', 'echo one; echo two >&2'], { onLine: (line) => lines.push(line) })
    expect(stdout).toBe('one\n')
    expect(lines.sort()).toEqual(['one', 'two'])
  })

  it('ends its children too when interrupted', async () => {
    const controller = new AbortController()
    let childPid
    const onLine = (line) => {
      childPid = Number(line)
      controller.abort()
    }
    const running = runCommand('sh', ['-c', 'sleep 30 & echo $!; wait'], { signal: controller.signal, onLine })
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' })
    while (isProcessAlive(childPid)) await delay(10)
  })

  it('keeps the last lines of a failed one', async () => {
    const failure = await runCommand('sh', ['-c', 'seq 1 40; exit 7']).catch((error) => error)
    expect(failure).toMatchObject({ code: 'COMMAND_FAILED', message: 'sh exited with 7' })
    expect(failure.output.at(-1)).toBe('40')
    expect(failure.output.length).toBeLessThanOrEqual(12)
  })

  it('tells a missing program apart', async () => {
    await expect(runCommand('weft-no-such-program', [])).rejects.toMatchObject({ code: 'COMMAND_MISSING' })
    expect(await askCommand('weft-no-such-program', ['--version'])).toBeUndefined()
  })

  it('gives up a question that is not answered', async () => {
    expect(await askCommand('sleep', ['30'], { timeoutMs: 50 })).toBeUndefined()
  })
})

describe('a failure', () => {
  const failing = (script) => runCommand('sh', ['-c', script]).catch((error) => error)

  it('names a full disk, and what to free', async () => {
    const error = await failing('echo "write /x: no space left on device" >&2; exit 1')
    const told = explainFailure('build Dapr', error, { cache: '/cache' })
    expect(told.code).toBe('DISK_FULL')
    expect(told.message).toContain('/cache is full')
  })

  it('names a missing network, with the program’s last words', async () => {
    const error = await failing('echo "npm error code ENOTFOUND" >&2; exit 1')
    const told = explainFailure('fetch Node', error, { cache: '/cache' })
    expect(told).toMatchObject({ code: 'NO_NETWORK', isRetryable: true })
    expect(describeFailure(told)).toMatch(/^weft: could not fetch Node: the network .*\n {4}npm error code ENOTFOUND$/)
  })

  it('says anything else in the words of the program', async () => {
    const told = explainFailure('fetch pnpm', await failing('exit 3'), { advice: 'try later' })
    expect(told.message).toBe('could not fetch pnpm: sh exited with 3; try later')
  })
})
