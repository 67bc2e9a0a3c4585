import { z } from 'zod'

/** An entry of a PDF's outline ("bookmarks"). `page`, counted from 0, is where it leads. */
export type OutlineEntry = { title: string; level: number; page: number }

/** The part of a pdf.js document that is needed here. */
export type OutlinedDocument = {
  getOutline(): Promise<unknown>
  getDestination(name: string): Promise<unknown>
  getPageIndex(ref: { num: number; gen: number }): Promise<number>
}

/** More than the outlines of books have. Bounded, because each entry takes a lookup. */
const entriesMax = 5_000
const levelsMax = 6

const Nodes = z.array(z.object({ title: z.string(), dest: z.unknown(), items: z.unknown() }))
const Reference = z.object({ num: z.int(), gen: z.int() })

/** The entries of an outline in their order, without those that lead to no page. Empty when the outline cannot be read. */
export async function readOutline(document: OutlinedDocument): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = []
  await addEntries(document, { nodes: await document.getOutline().catch(() => undefined), level: 1, entries })
  return entries
}

type Adding = { nodes: unknown; level: number; entries: OutlineEntry[] }

async function addEntries(document: OutlinedDocument, { nodes, level, entries }: Adding): Promise<void> {
  for (const { title, dest, items } of Nodes.safeParse(nodes).data ?? []) {
    if (entries.length >= entriesMax) return
    const page = await pageOf(document, dest).catch(() => undefined)
    if (page !== undefined && title.trim() !== '') entries.push({ title: title.replace(/\s+/g, ' ').trim(), level, page })
    if (level < levelsMax) await addEntries(document, { nodes: items, level: level + 1, entries })
  }
}

async function pageOf(document: OutlinedDocument, dest: unknown): Promise<number | undefined> {
  const explicit = typeof dest === 'string' ? await document.getDestination(dest) : dest
  const target: unknown = Array.isArray(explicit) ? explicit[0] : undefined
  if (typeof target === 'number') return target
  const reference = Reference.safeParse(target).data
  return reference === undefined ? undefined : document.getPageIndex(reference)
}
