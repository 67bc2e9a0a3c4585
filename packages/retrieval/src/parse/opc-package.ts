import { posix } from 'node:path'
import { type Archive, damaged } from './read-archive.ts'
import { type Attributes, readXml } from './read-xml.ts'

/** What one part of an Office document says of another: `type` is the last word of the relationship's URI, `target` a part's name. */
export type Relationship = { id: string; type: string; target: string }

/** The relationships of a part (ECMA-376 part 2, 8.5), of the document itself for ''. What lies outside the document is left out, never fetched. */
export async function readRelationships(archive: Archive, part: string): Promise<Relationship[]> {
  const folder = posix.dirname(part)
  const name = posix.join(folder, '_rels', `${posix.basename(part)}.rels`)
  const found: Relationship[] = []
  if (!archive.has(name)) return found
  await readXml(archive.read(name), name, {
    open(element, { Id = '', Type = '', Target = '', TargetMode }) {
      if (element !== 'Relationship' || TargetMode === 'External') return
      found.push({ id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), target: resolvePart(folder, Target) })
    },
  })
  return found
}

/** The part a document begins with. */
export async function mainPart(archive: Archive): Promise<string> {
  const target = (await readRelationships(archive, '')).find(({ type }) => type === 'officeDocument')?.target
  if (target === undefined || !archive.has(target)) throw damaged('its main part is missing')
  return target
}

/** The name of a part from a reference in another one's folder; a leading slash means the root. */
export function resolvePart(folder: string, reference: string): string {
  return posix.join('/', reference.startsWith('/') ? '' : folder, reference).slice(1)
}

/** The words that stand for a picture; what programs put there by themselves, the name of its file, is none. */
export function describedPicture({ descr = '' }: Attributes): string {
  return /^\S+\.[a-z]{3,4}$/i.test(descr) ? '' : descr
}
