import { readFileSync, statSync } from 'node:fs'

export interface FileWatch {
  /** What was in the file when the watch began; undefined when it could not be read. */
  text: string | undefined
  stop(): void
}

const pollMsDefault = 2_000
/** A larger file counts as unreadable. A registry of ten thousand models is smaller. */
const fileBytesMax = 16_777_216

/**
 * Reads a small text file, and tells when its text changes. It polls instead of subscribing, because editors replace files, and mounted configuration is swapped by
 * links.
 */
export function watchText(
  file: string,
  { pollMs = pollMsDefault, onChange }: { pollMs?: number | undefined; onChange(text: string | undefined): void },
): FileWatch {
  // Taken before the text is read, so that a change in between is noticed next time.
  let version = versionOf(file)
  let text = readText(file)
  const timer = setInterval(() => {
    const newVersion = versionOf(file)
    if (newVersion === version) return
    version = newVersion
    const newText = readText(file)
    if (newText === text) return
    text = newText
    onChange(newText)
  }, pollMs)
  timer.unref()
  return { text, stop: () => clearInterval(timer) }
}

function versionOf(file: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true })
    return `${ino} ${mtimeNs} ${size}`
  } catch {
    return ''
  }
}

function readText(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return text.length > fileBytesMax ? undefined : text
  } catch {
    return undefined
  }
}
