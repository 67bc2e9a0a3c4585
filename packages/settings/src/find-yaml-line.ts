import { EVENT_ID, type Event, getScalarValue, parseEvents } from 'js-yaml'

/** The line, from 1, of the field at `path` in a YAML text; of the nearest enclosing field where it is missing. */
export function findYamlLine(source: string, path: readonly PropertyKey[]): number {
  const cursor: Cursor = { source, events: parseEvents(source, {}), at: 1 }
  let offset = 0
  for (const part of path) {
    const found = descend(cursor, String(part))
    if (found === undefined) break
    offset = found
  }
  return source.slice(0, offset).split('\n').length
}

/** A reading position in the flat list of events; it stands on the first event of a node. */
interface Cursor {
  source: string
  events: Event[]
  at: number
}

/** Moves onto the child of that name or index and tells the offset at which it begins; undefined when there is none. */
function descend(cursor: Cursor, name: string): number | undefined {
  const parent = cursor.events[cursor.at]
  if (parent?.type !== EVENT_ID.MAPPING && parent?.type !== EVENT_ID.SEQUENCE) return undefined
  let at = cursor.at + 1
  for (let index = 0; !isEnd(cursor.events[at]); index++) {
    const nameAt = at
    if (parent.type === EVENT_ID.MAPPING) at = nodeEnd(cursor.events, at)
    const isWanted = parent.type === EVENT_ID.MAPPING ? scalarAt(cursor, nameAt) === name : String(index) === name
    if (isWanted) {
      cursor.at = at
      return offsetOf(cursor.events[nameAt])
    }
    at = nodeEnd(cursor.events, at)
  }
  return undefined
}

/** Index after the node that begins at `at`, with everything inside it. */
function nodeEnd(events: Event[], at: number): number {
  let depth = 0
  for (let index = at; index < events.length; index++) {
    const type = events[index]?.type
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++
    else if (type === EVENT_ID.POP) depth--
    if (depth === 0) return index + 1
  }
  return events.length
}

function isEnd(event: Event | undefined): boolean {
  return event === undefined || event.type === EVENT_ID.POP
}

function scalarAt(cursor: Cursor, at: number): string | undefined {
  const event = cursor.events[at]
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(cursor.source, event) : undefined
}

function offsetOf(event: Event | undefined): number {
  if (event?.type === EVENT_ID.SCALAR) return event.valueStart
  return event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE ? event.start : 0
}
