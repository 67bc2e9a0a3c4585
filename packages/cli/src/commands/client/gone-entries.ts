import type { ManifestEntry } from './manifest-entry.ts'

/** Entries whose files are gone; those whose bytes turn up under another name are taken out again. */
export type GoneEntries = {
  add(entry: ManifestEntry): void
  /** An indexed entry of that content, which is then no longer among the gone. */
  takeByContent(sha256: string): ManifestEntry | undefined
  list(): ManifestEntry[]
}

export function createGoneEntries(entries: Iterable<ManifestEntry> = []): GoneEntries {
  const gone = new Set<ManifestEntry>()
  const byContent = new Map<string, ManifestEntry[]>()

  function add(entry: ManifestEntry): void {
    gone.add(entry)
    if (entry.status === 'failed' || entry.status === 'cancelled') return
    const same = byContent.get(entry.sha256)
    if (same === undefined) byContent.set(entry.sha256, [entry])
    else same.push(entry)
  }

  for (const entry of entries) add(entry)
  return {
    add,
    takeByContent(sha256) {
      const entry = byContent.get(sha256)?.shift()
      if (entry !== undefined) gone.delete(entry)
      return entry
    },
    list: () => [...gone],
  }
}
