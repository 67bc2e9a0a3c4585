import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Makes a folder with these files, and a function that removes it. An array is written as JSON lines. */
export async function writeCollection(
  files: Record<string, string | Uint8Array | object[]>,
): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-collection-'))
  for (const [name, content] of Object.entries(files)) {
    const lines = Array.isArray(content) ? `${content.map((line) => JSON.stringify(line)).join('\n')}\n` : content
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), lines)
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export function qrels(...judgements: [question: string, document: string, score: number][]): string {
  return `query-id\tcorpus-id\tscore\n${judgements.map((judgement) => judgement.join('\t')).join('\n')}\n`
}
