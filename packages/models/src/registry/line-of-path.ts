import { EVENT_ID, type Event, getScalarValue, parseEvents } from 'js-yaml'

/** The line, from 1, on which the value at a path begins; when there is no such value, that of its nearest ancestor. */
export function lineOfPath(source: string, path: PropertyKey[]): number {
  const places = new Map<string, number>()
  collect({ source, events: parseEvents(source, {}), next: 0, places }, '')
  for (let length = path.length; length >= 0; length--) {
    const at = places.get(keyOf(path.slice(0, length)))
    if (at !== undefined) return lineAt(source, at)
  }
  return 1
}

function keyOf(path: PropertyKey[]): string {
  return path.map((part) => `/${String(part)}`).join('')
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

interface Walk {
  source: string
  events: Event[]
  next: number
  places: Map<string, number>
}

/** Walks through one node of the event stream, and notes where each value in it begins. */
function collect(walk: Walk, path: string): void {
  const event = walk.events[walk.next++]
  if (event === undefined) return
  switch (event.type) {
    case EVENT_ID.DOCUMENT:
      collect(walk, path)
      return
    case EVENT_ID.SCALAR:
      walk.places.set(path, event.valueStart)
      return
    case EVENT_ID.SEQUENCE:
      walk.places.set(path, event.start)
      for (let index = 0; !isPop(walk); index++) collect(walk, `${path}/${index}`)
      walk.next++
      return
    case EVENT_ID.MAPPING:
      walk.places.set(path, event.start)
      while (!isPop(walk)) collect(walk, `${path}/${readKey(walk)}`)
      walk.next++
      return
  }
}

function isPop(walk: Walk): boolean {
  const event = walk.events[walk.next]
  return event === undefined || event.type === EVENT_ID.POP
}

function readKey(walk: Walk): string {
  const event = walk.events[walk.next]
  if (event?.type === EVENT_ID.SCALAR) {
    walk.next++
    return getScalarValue(walk.source, event)
  }
  collect(walk, '/?')
  return '?'
}
