import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A journal's files, written one after another. Each is kept until `settle` was called for it as often as `keep`. */
export interface JournalSegments {
  /** The index of the file that is written to now. */
  active(): number
  /** Keeps the active file for one more line. Answers its index. */
  keep(): number
  settle(index: number): void
  /** Throws what the disk says. */
  write(bytes: Buffer): void
  bytes(): number
  close(): void
}

interface Segment {
  index: number
  file: string
  bytes: number
  unsettled: number
}

export function openSegments({ folder, bytesMax }: { folder: string; bytesMax: number }): JournalSegments {
  mkdirSync(folder, { recursive: true })
  const segments = new Map<number, Segment>()
  let active = add(1)
  let descriptor = openSync(active.file, 'a', 0o600)

  function add(index: number): Segment {
    const segment = { index, file: join(folder, `${String(index).padStart(9, '0')}.jsonl`), bytes: 0, unsettled: 0 }
    segments.set(index, segment)
    return segment
  }

  function rotate(): void {
    const full = active
    const next = add(full.index + 1)
    const nextDescriptor = openSync(next.file, 'a', 0o600)
    closeSync(descriptor)
    active = next
    descriptor = nextDescriptor
    dropSettled(full)
  }

  function dropSettled(segment: Segment): void {
    if (segment.unsettled > 0) return
    if (segment === active) {
      if (segment.bytes === 0) return
      ftruncateSync(descriptor, 0)
      segment.bytes = 0
    } else {
      segments.delete(segment.index)
      unlinkSync(segment.file)
    }
  }

  return {
    active: () => active.index,
    keep() {
      active.unsettled += 1
      return active.index
    },
    settle(index) {
      const segment = segments.get(index)
      if (segment === undefined) return
      segment.unsettled -= 1
      dropSettled(segment)
    },
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      active.bytes += bytes.length
      if (active.bytes >= bytesMax) rotate()
    },
    bytes: () => [...segments.values()].reduce((sum, segment) => sum + segment.bytes, 0),
    close() {
      closeSync(descriptor)
      if ([...segments.values()].every((segment) => segment.unsettled === 0)) rmSync(folder, { recursive: true, force: true })
    },
  }
}
