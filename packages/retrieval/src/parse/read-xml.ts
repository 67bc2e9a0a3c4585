import { Parser } from 'htmlparser2'
import { damaged } from './read-archive.ts'

export type Attributes = Record<string, string>

/** What is called while XML is read. Names have no prefix; `text` may be called with several pieces of a text. */
export type XmlHandler = {
  open?(name: string, attributes: Attributes): void
  close?(name: string): void
  text?(data: string): void
}

/** Word nests tables a few dozen deep. Only a file that is meant to exhaust its reader nests deeper than this. */
const depthMax = 1_000

/**
 * Reads XML as it arrives, without keeping any of it. Resolves only the five entities of XML itself and character numbers; declarations of a DOCTYPE are ignored.
 * Throws FileRefusal `damaged_document` for a part that ends in the middle or nests too deep.
 */
export async function readXml(pieces: AsyncIterable<string>, what: string, handler: XmlHandler): Promise<void> {
  const open: string[] = []
  let isEnded = false
  let isWhole = false
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (open.length >= depthMax) throw damaged(`"${what}" nests deeper than ${depthMax} elements`)
        const local = localName(name)
        open.push(local)
        handler.open?.(local, attributes)
      },
      onclosetag() {
        const local = open.pop() ?? ''
        if (open.length === 0) isWhole = !isEnded
        handler.close?.(local)
      },
      ontext(data) {
        handler.text?.(data)
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  for await (const piece of pieces) parser.write(piece)
  isEnded = true
  parser.end()
  if (!isWhole) throw damaged(`"${what}" ends in the middle`)
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** The value of an attribute that has this name after any prefix: `r:id` for `id`, but not `id` itself. */
export function prefixed(attributes: Attributes, name: string): string | undefined {
  const suffix = `:${name}`
  for (const key in attributes) if (key.endsWith(suffix)) return attributes[key]
  return undefined
}

/** Wraps a handler so that it does not see elements of these names, nor anything within them. */
export function withoutElements(names: ReadonlySet<string>, handler: XmlHandler): XmlHandler {
  let skipped = 0
  return {
    open(name, attributes) {
      if (skipped > 0 || names.has(name)) skipped++
      else handler.open?.(name, attributes)
    },
    close(name) {
      if (skipped > 0) skipped--
      else handler.close?.(name)
    },
    text(data) {
      if (skipped === 0) handler.text?.(data)
    },
  }
}
