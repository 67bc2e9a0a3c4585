import { Parser } from 'htmlparser2'
import { damaged } from './read-archive.ts'

export type Attributes = Record<string, string>

/** Names come without their prefix; `text` may come in several pieces. */
export type XmlHandler = {
  open?(name: string, attributes: Attributes): void
  close?(name: string): void
  text?(data: string): void
}

/** Word nests tables in tables some dozens deep; whoever nests deeper wants to exhaust a reader. */
const depthMax = 1_000

/**
 * Reads XML as it arrives, nothing of it held. Only the five entities of XML itself and character numbers are resolved: what a DOCTYPE declares
 * stays unread. Throws FileRefusal `damaged_document` for a part that ends in the middle or nests too deep.
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

/** The value of an attribute that carries a prefix, whichever it is: `r:id` beside `id`. */
export function prefixed(attributes: Attributes, name: string): string | undefined {
  const suffix = `:${name}`
  for (const key in attributes) if (key.endsWith(suffix)) return attributes[key]
  return undefined
}

/** A handler that does not see elements of these names, nor what is in them. */
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
