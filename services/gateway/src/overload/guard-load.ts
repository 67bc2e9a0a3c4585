import { WeftError } from '@weft/contracts'
import type { FairPlaces, Place } from '@weft/mesh'
import type { ApiRequest, Handler } from '../http/handler.ts'
import { bodyBytesMax as oneBodyBytesMax } from '../http/read-json-body.ts'
import { identityOf } from '../http/request-context.ts'
import { untilClosed, whenClosed } from '../http/when-closed.ts'

/** How many bytes of bodies are held at once: far more than one client sends. */
const bodyBytesDefault = 268_435_456

/** Refuses a request before its body is read, while memory is short or other bodies fill what may be held. */
export function shedLoad(options: { pressure(): string | undefined; bodyBytesMax?: number }): Handler {
  const { pressure, bodyBytesMax = bodyBytesDefault } = options
  let bytesHeld = 0
  return (request, response, next) => {
    // A body that is too large is not kept, so that it counts no more than the largest allowed: it must be refused as too large later, and not be told here to
    // come again.
    let bytes = Math.min(bytesAnnounced(request), oneBodyBytesMax)
    const reason = pressure() ?? (bytesHeld + bytes > bodyBytesMax ? 'too many requests are being read' : undefined)
    if (reason !== undefined) throw new WeftError('dependency_unavailable', `the gateway takes no more requests now: ${reason}`)
    bytesHeld += bytes
    whenClosed(response, () => {
      bytesHeld -= bytes
    })
    if (isChunked(request)) {
      request.on('data', (piece: Uint8Array) => {
        bytesArrived.set(request, (bytesArrived.get(request) ?? 0) + piece.length)
        const more = response.closed ? 0 : Math.min(piece.length, oneBodyBytesMax - bytes)
        bytes += more
        bytesHeld += more
      })
    }
    // The body is read in this turn of the event loop, or its first pieces would be lost.
    next()
  }
}

/** Of bodies that do not say how long they are. */
const bytesArrived = new WeakMap<ApiRequest, number>()

function isChunked({ headers }: ApiRequest): boolean {
  return headers['transfer-encoding'] !== undefined
}

function bytesAnnounced({ headers }: ApiRequest): number {
  return Number(headers['content-length'] ?? 0)
}

/** Bytes of a request per token, for weighing what tenants ask for. */
const bytesPerToken = 4

/** Lets a request on as soon as there is a place for it; tenants that want more than there is get them in turn. */
export function admitFairly(places: Pick<FairPlaces, 'enter'>): Handler {
  return (request, response, next) => {
    const cost = Math.max(1, (bytesArrived.get(request) ?? bytesAnnounced(request)) / bytesPerToken)
    const pass = (place: Place) => {
      whenClosed(response, place.leave)
      if (!response.destroyed) next()
    }
    const entered = places.enter({
      tenant: identityOf(response).tenant,
      cost,
      // A getter, because only a request that has to wait needs a signal.
      get signal() {
        return untilClosed(response)
      },
    })
    if (entered instanceof Promise) entered.then(pass, next)
    else pass(entered)
  }
}
