/** Request codes of connections that are not sessions (PostgreSQL documentation, Message Formats). */
const sslRequestCode = 80_877_103
const gssRequestCode = 80_877_104
const cancelRequestCode = 80_877_102
const startupBytesMax = 10_000

/** Message types after which the server owes an answer: Query, Sync, Flush, FunctionCall, PasswordMessage. */
const unitEnds = new Set(['Q', 'S', 'H', 'F', 'p'].map((letter) => letter.charCodeAt(0)))
const flush = 'H'.charCodeAt(0)
const terminate = 'X'.charCodeAt(0)

/**
 * What a client asks for: encryption, which is refused; the end of the connection; or a unit of messages to run as a whole. `isOpen` marks a unit that ends with
 * Flush: the client goes on with the same statement, so messages of other clients must not come between.
 */
export type ClientRequest =
  | { kind: 'refuse_encryption' }
  | { kind: 'close' }
  | { kind: 'unit'; bytes: Uint8Array; isOpen: boolean }

/**
 * Cuts a client's byte stream into units: all messages up to the one that expects an answer. A statement with parameters is five messages (Parse, Bind,
 * Describe, Execute, Sync). Run one by one, messages of another client could come between and replace its unnamed statement. The function returned throws
 * RangeError when a unit exceeds `unitBytesMax`.
 */
export function createUnitReader(unitBytesMax: number): (data: Buffer) => ClientRequest[] {
  let rest = Buffer.alloc(0)
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let wantedBytes = 0
  /** Bytes of `rest` that are whole messages of the unit being collected. */
  let scanned = 0
  let isStarted = false

  return (data) => {
    waiting.push(data)
    waitingBytes += data.length
    if (rest.length + waitingBytes > unitBytesMax) throw new RangeError(`more than ${unitBytesMax} bytes in one statement`)
    // A large message arrives in hundreds of pieces: they are joined once, when it is complete.
    if (rest.length + waitingBytes < wantedBytes) return []
    rest = Buffer.concat([rest, ...waiting])
    waiting = []
    waitingBytes = 0
    return isStarted ? readUnits() : readStart()
  }

  function readStart(): ClientRequest[] {
    const length = rest.length >= 8 ? rest.readInt32BE(0) : 8
    if (length < 8 || length > startupBytesMax) return [{ kind: 'close' }]
    if (rest.length < length) return []
    const code = rest.readInt32BE(4)
    const bytes = take(length)
    if (code === sslRequestCode || code === gssRequestCode)
      return [{ kind: 'refuse_encryption' }, ...(rest.length > 0 ? readStart() : [])]
    // A cancel request needs a second backend to act on the first; here it is only acknowledged by closing.
    if (code === cancelRequestCode) return [{ kind: 'close' }]
    isStarted = true
    return [{ kind: 'unit', bytes, isOpen: false }, ...readUnits()]
  }

  function readUnits(): ClientRequest[] {
    const requests: ClientRequest[] = []
    wantedBytes = 0
    while (rest.length >= scanned + 5) {
      const type = rest[scanned] ?? 0
      const length = rest.readInt32BE(scanned + 1)
      if (length < 4 || type === terminate) return [...requests, { kind: 'close' }]
      if (rest.length < scanned + 1 + length) {
        wantedBytes = scanned + 1 + length
        break
      }
      scanned += 1 + length
      if (unitEnds.has(type)) requests.push({ kind: 'unit', bytes: take(scanned), isOpen: type === flush })
    }
    return requests
  }

  function take(length: number): Uint8Array {
    const bytes = new Uint8Array(rest.subarray(0, length))
    rest = rest.subarray(length)
    scanned = 0
    return bytes
  }
}
