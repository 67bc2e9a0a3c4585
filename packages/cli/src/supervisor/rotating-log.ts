import { closeSync, copyFileSync, fstatSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'

export interface RotatingLog {
  write(chunk: Uint8Array | string): void
  close(): void
}

/** The largest file of a log. With fifteen processes and three files each, all logs together stay below half a gigabyte. */
const logBytesMax = 10_485_760

/**
 * Opens a log that appends to `path`. At `bytesMax` that file becomes `path.1`, that one `path.2`, and the oldest is deleted, so that `fileCount` files are kept. A full disk
 * loses lines of the log, but never ends the process that writes them.
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
        // There is no place to report this; `weft doctor` tells of a full disk.
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

/**
 * Bounds a log that is the output of a process. Its text is copied to `path.1` and the file emptied, because the process keeps the file open even when it is renamed. The
 * file must be open for appending.
 */
export function boundOwnOutput(path: string, bytesMax = logBytesMax): void {
  try {
    if (statSync(path).size < bytesMax) return
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  } catch {
    // As above, a full disk only loses lines of the log.
  }
}

/** Opens an empty log for the output of a process. What an earlier process wrote is kept as `path.1`. */
export function openOwnOutput(path: string): number {
  renameIfThere(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // There are fewer files yet than are kept.
  }
}
