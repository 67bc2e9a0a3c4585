import type { ManifestEntry } from './manifest-entry.ts'

/** The entries whose files are gone. Those whose content is found under another name are taken out again. */
export type GoneEntries = {
  add(entry: ManifestEntry): void
  /** Takes out an indexed entry with this content; undefined when there is none. */
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
