import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const tailBytesMax = 262_144

/** The last `count` lines of a file, which may be large; none when there is no such file. */
export function readLastLines(path: string, count: number): string[] {
  const text = readTail(path)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return count === 0 ? [] : lines.slice(-count)
}

function readTail(path: string): string {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(descriptor)
    const length = Math.min(size, tailBytesMax)
    const buffer = Buffer.alloc(length)
    readSync(descriptor, buffer, 0, length, size - length)
    return buffer.toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
