import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

export interface RotatingLog {
  write(chunk: Uint8Array | string): void
  close(): void
}

/**
 * Appends to `path`; at `bytesMax` it becomes `path.1`, that one `path.2`, and the oldest goes, so `fileCount` files are kept.
 * A full disk costs log lines, never the process that writes them.
 */
export function openRotatingLog(path: string, { bytesMax = 10_485_760, fileCount = 3 } = {}): RotatingLog {
  let descriptor: number | undefined = openSync(path, 'a', 0o600)
  let size = fstatSync(descriptor).size
  const rotate = (open: number): number => {
    closeSync(open)
    rmSync(`${path}.${fileCount - 1}`, { force: true })
    for (let index = fileCount - 2; index >= 1; index -= 1) renameIfThere(`${path}.${index}`, `${path}.${index + 1}`)
    renameIfThere(path, `${path}.1`)
    size = 0
    return openSync(path, 'a', 0o600)
  }
  return {
    write(chunk) {
      if (descriptor === undefined) return
      try {
        if (size >= bytesMax) descriptor = rotate(descriptor)
        size += typeof chunk === 'string' ? writeSync(descriptor, chunk) : writeSync(descriptor, chunk)
      } catch {
        // Nowhere is left to say it: `weft doctor` tells of a full disk.
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // Fewer files than the most that are kept.
  }
}
