import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from '@jest/globals'

/** What a program of these functions ends with whose reader is gone before it says anything; 9 when it comes to its end. */
async function endOf(name: 'endQuietlyWithReader' | 'keepRunningUnheard'): Promise<unknown> {
  const program = `
    import { ${name} } from ${JSON.stringify(new URL('lost-reader.ts', import.meta.url).href)}
    ${name}()
    process.stdin.once('end', () => {
      console.log('said to nobody')
      setTimeout(() => process.exit(9), 50)
    }).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  child.stdout.destroy()
  child.stdin.end()
  return (await ended)[0]
}

it('a command ends well with its reader, and one that starts a mesh goes on without', async () => {
  expect(await Promise.all([endOf('endQuietlyWithReader'), endOf('keepRunningUnheard')])).toEqual([0, 9])
})
