import { decodeUtf8, eventBytesMax, tooLarge } from '../upstream/upstream-bounds.ts'

/** Cuts a stream of server-sent events, in whatever pieces its bytes come, into the text of whole events. */
export interface EventCutter {
  /** The events that these bytes complete, with line feeds as their only line breaks; '' when they complete none. Throws ModelError. */
  add(bytes: Uint8Array): string
  /** The text that is left when nothing more comes. */
  rest(): string
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Cuts between bytes of whole events, so that no character is cut. Most pieces are whole events, and are decoded as they come. */
export function createEventCutter(provider: string): EventCutter {
  let open = new Uint8Array(0)
  let openBytes = 0

  function keep(bytes: Uint8Array): void {
    const needed = openBytes + bytes.length
    if (needed > eventBytesMax) throw tooLarge(provider, 'an event', eventBytesMax)
    if (needed > open.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * open.length))
      larger.set(open.subarray(0, openBytes))
      open = larger
    }
    open.set(bytes, openBytes)
    openBytes = needed
  }

  function takeOpen(): Uint8Array {
    const taken = open.subarray(0, openBytes)
    open = new Uint8Array(0)
    openBytes = 0
    return taken
  }

  const toText = (bytes: Uint8Array) => {
    const text = decodeUtf8(bytes, provider)
    return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text
  }

  return {
    add(bytes) {
      const end = endOfEvents(bytes, open.subarray(0, openBytes))
      let whole = bytes.subarray(0, end)
      if (end > 0 && openBytes > 0) {
        keep(whole)
        whole = takeOpen()
      }
      if (end < bytes.length) keep(bytes.subarray(end))
      return end === 0 ? '' : toText(whole)
    },
    rest: () => toText(takeOpen()),
  }
}

/** Where in these bytes the last event ends, after its blank line; 0 when none ends here. */
function endOfEvents(bytes: Uint8Array, before: Uint8Array): number {
  const byteAt = (at: number) => (at < 0 ? before.at(at) : bytes[at])
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    if (bytes[at] !== lineFeed) continue
    const previous = byteAt(at - 1) === carriageReturn ? at - 2 : at - 1
    if (byteAt(previous) === lineFeed) return at + 1
  }
  return 0
}
