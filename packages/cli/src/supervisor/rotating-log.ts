import { closeSync, copyFileSync, fstatSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'

export interface RotatingLog {
  write(chunk: Uint8Array | string): void
  close(): void
}

/** A log's largest file; with fifteen processes of three files each, all logs together stay below half a gigabyte. */
const logBytesMax = 10_485_760

/**
 * Appends to `path`; at `bytesMax` it becomes `path.1`, that one `path.2`, and the oldest goes, so `fileCount` files are kept.
 * A full disk costs log lines, never the process that writes them.
 */
export function openRotatingLog(path: string, { bytesMax = logBytesMax, fileCount = 3 } = {}): RotatingLog {
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

/**
 * Bounds a log that is some process's own output: its text moves to `path.1` and the file is emptied, because a file given as
 * output stays open whatever its name becomes. It must be open for appending.
 */
export function boundOwnOutput(path: string, bytesMax = logBytesMax): void {
  try {
    if (statSync(path).size < bytesMax) return
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  } catch {
    // As above: a full disk costs log lines only.
  }
}

/** Opens an empty log that becomes a process's own output; what an earlier process wrote is kept as `path.1`. */
export function openOwnOutput(path: string): number {
  renameIfThere(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // Fewer files than the most that are kept.
  }
}
