import { readProtobuf } from './read-protobuf.ts'

/** A span as a receiver sees it. Ids are hexadecimal; `parentSpanId` is absent on a root. */
export interface ReceivedSpan {
  service: string
  name: string
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  /** OTLP's numbers: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number
  durationMs: number
  attributes: Record<string, AttributeValue>
  /** Span ids of the links. */
  links: string[]
  isError: boolean
}

export type AttributeValue = string | number | boolean | AttributeValue[]

/** Decodes an OTLP `ExportTraceServiceRequest` (field numbers: opentelemetry-proto 1.x, trace/v1/trace.proto). */
export function decodeSpans(body: Uint8Array): ReceivedSpan[] {
  return messages(body, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? new Uint8Array(), 1)
    const service = String(resource['service.name'] ?? '')
    return messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2).map((span) => decodeSpan(span, service)))
  })
}

function decodeSpan(span: Uint8Array, service: string): ReceivedSpan {
  const status = messages(span, 15)[0]
  return {
    service,
    name: text(messages(span, 5)[0]),
    traceId: hex(messages(span, 1)[0]),
    spanId: hex(messages(span, 2)[0]),
    parentSpanId: hex(messages(span, 4)[0]) || undefined,
    kind: Number(number(span, 6)),
    durationMs: Number(number(span, 8) - number(span, 7)) / 1e6,
    attributes: attributesOf(span, 9),
    links: messages(span, 13).map((link) => hex(messages(link, 2)[0])),
    isError: status !== undefined && number(status, 3) === 2n,
  }
}

function attributesOf(message: Uint8Array, field: number): Record<string, AttributeValue> {
  const pairs = messages(message, field).map((pair) => [text(messages(pair, 1)[0]), decodeValue(messages(pair, 2)[0])] as const)
  return Object.fromEntries(pairs)
}

function decodeValue(bytes: Uint8Array = new Uint8Array()): AttributeValue {
  const field = readProtobuf(bytes)[0]
  if (field === undefined) return ''
  const { value } = field
  if (typeof value !== 'bigint') return field.number === 5 ? messages(value, 1).map((each) => decodeValue(each)) : text(value)
  if (field.number === 2) return value === 1n
  return field.number === 4 ? Number(new Float64Array(BigUint64Array.of(value).buffer)[0]) : Number(BigInt.asIntN(64, value))
}

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  return readProtobuf(bytes).flatMap(({ number, value }) => (number === field && typeof value !== 'bigint' ? [value] : []))
}

function number(bytes: Uint8Array, field: number): bigint {
  const found = readProtobuf(bytes).find((each) => each.number === field)?.value
  return typeof found === 'bigint' ? found : 0n
}

function text(bytes: Uint8Array = new Uint8Array()): string {
  return new TextDecoder().decode(bytes)
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('hex')
}
