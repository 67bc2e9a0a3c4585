import { readFileSync, unwatchFile, watchFile } from 'node:fs'

export interface FileWatch {
  /** What was in the file when the watch began; undefined where it could not be read. */
  text: string | undefined
  stop(): void
}

const pollMsDefault = 2_000
/** A registry of ten thousand models is smaller. */
const fileBytesMax = 16_777_216

/**
 * Reads a small text file and tells when its text changes. It is looked at rather than subscribed to: editors replace files, and mounted
 * configuration is swapped by links.
 */
export function watchText(
  file: string,
  { pollMs = pollMsDefault, onChange }: { pollMs?: number | undefined; onChange(text: string | undefined): void },
): FileWatch {
  let text = readText(file)
  const look = () => {
    const newer = readText(file)
    if (newer === text) return
    text = newer
    onChange(newer)
  }
  watchFile(file, { interval: pollMs, persistent: false }, look)
  return { text, stop: () => unwatchFile(file, look) }
}

function readText(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return text.length > fileBytesMax ? undefined : text
  } catch {
    return undefined
  }
}
