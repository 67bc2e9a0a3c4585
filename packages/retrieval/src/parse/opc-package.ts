import { posix } from 'node:path'
import { type Archive, damaged } from './read-archive.ts'
import { type Attributes, readXml } from './read-xml.ts'

/** A reference from one part of an Office document to another: `type` is the last segment of the relationship's URI, and `target` the name of a part. */
export type Relationship = { id: string; type: string; target: string }

/** The relationships of a part (ECMA-376 part 2, 8.5), or of the document itself for ''. References to the outside are left out, and never fetched. */
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

/** The name of the main part of a document. */
export async function mainPart(archive: Archive): Promise<string> {
  const target = (await readRelationships(archive, '')).find(({ type }) => type === 'officeDocument')?.target
  if (target === undefined || !archive.has(target)) throw damaged('its main part is missing')
  return target
}

/** The name of a part to which a part in `folder` refers. A reference with a leading slash begins at the root. */
export function resolvePart(folder: string, reference: string): string {
  return posix.join('/', reference.startsWith('/') ? '' : folder, reference).slice(1)
}

/** The description of a picture. Empty when it is only the name of a file, which programs put there by themselves. */
export function describedPicture({ descr = '' }: Attributes): string {
  return /^\S+\.[a-z]{3,4}$/i.test(descr) ? '' : descr
}
