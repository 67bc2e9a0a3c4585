/**
 * Two functions as WebAssembly (core specification 2.0, with its vector instructions), of a memory that is imported as `host.memory`:
 *
 * `scan(row, rows, bytes, query, scores)` writes the products of `rows` rows of `bytes` 8-bit numbers each with a query of 16-bit numbers, as 32-bit
 * numbers; `product(row, bytes, query)` answers that of a row of half-precision numbers with a query of single precision that was multiplied by
 * {@link halfScale}. `bytes` is a multiple of 32; nothing lies beyond a row that the next does not begin with.
 */
export function kernelCode(): Uint8Array<ArrayBuffer> {
  const types = [functionType(5, []), functionType(3, [type.f32])]
  const imports = [[...text('host'), ...text('memory'), 2, 0, 1]]
  const exported = ['scan', 'product'].map((name, index) => [...text(name), 0, index])
  const sections = [
    section(1, types),
    section(2, imports),
    section(3, [[0], [1]]),
    section(7, exported),
    section(
      10,
      [scan(), product()].map((body) => [...unsigned(body.length), ...body]),
    ),
  ]
  return Uint8Array.from([...magic, ...sections.flat()])
}

/** Shifted into the bits of a single-precision number, a half-precision one has an exponent that is smaller by the difference of both biases, 127 - 15. */
export const halfScale = 2 ** 112

const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b }
const empty = 0x40
const loop = [0x03, empty]
const end = 0x0b
const repeatIf = [0x0d, 0]

const add = 0x6a
const subtract = 0x6b
const isBelow = 0x49
const floatAdd = 0x92
const store32 = [0x36, 2, 0]

const zero = [...vector(12), ...new Array<number>(16).fill(0)]
const splat32 = vector(17)
const and = vector(78)
const widenLow16 = vector(167)
const widenHigh16 = vector(168)
const shiftLeft32 = vector(171)
const add32 = vector(174)
/** Products of eight pairs of 16-bit numbers, neighbours added up. */
const products16 = vector(186)
const floatAdd4 = vector(228)
const floatMultiply4 = vector(230)
const lane32 = (lane: number) => [...vector(27), lane]
const floatLane = (lane: number) => [...vector(31), lane]
const load = (offset: number) => [...vector(0), 0, ...unsigned(offset)]
/** Eight 8-bit numbers as 16-bit ones. */
const loadWide8 = (offset: number) => [...vector(1), 0, ...unsigned(offset)]

function scan(): number[] {
  const [row, rows, bytes, query, scores, at, asked, last, ...sums] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const
  const part = (sum: number, index: number) => [
    ...[...get(sum), ...get(at), ...loadWide8(8 * index), ...get(asked), ...load(16 * index)],
    ...[...products16, ...add32, ...set(sum)],
  ]
  const total = [0, 1, 2, 3].flatMap((lane) => [...get(sums[0]), ...lane32(lane), ...(lane === 0 ? [] : [add])])
  return [
    ...locals([3, type.i32], [4, type.v128]),
    ...loop,
    ...[...get(row), ...set(at), ...get(query), ...set(asked), ...get(row), ...get(bytes), add, ...set(last)],
    ...sums.flatMap((sum) => [...zero, ...set(sum)]),
    ...loop,
    ...sums.flatMap(part),
    ...[...get(asked), ...constant(64), add, ...set(asked)],
    ...[...get(at), ...constant(32), add, ...tee(at), ...get(last), isBelow, ...repeatIf],
    end,
    ...[...get(sums[0]), ...sums.slice(1).flatMap((sum) => [...get(sum), ...add32]), ...set(sums[0])],
    ...[...get(scores), ...total, ...store32, ...get(scores), ...constant(4), add, ...set(scores)],
    ...[...get(last), ...set(row), ...get(rows), ...constant(1), subtract, ...tee(rows), ...repeatIf],
    end,
    end,
  ]
}

function product(): number[] {
  const [at, bytes, query, last, halves, signAndValue, ...sums] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const
  const part = (widen: number[], sum: number, offset: number) => [
    ...[...get(sum), ...get(halves), ...widen, ...constant(13), ...shiftLeft32, ...get(signAndValue), ...and],
    ...[...get(query), ...load(offset), ...floatMultiply4, ...floatAdd4, ...set(sum)],
  ]
  const total = [0, 1, 2, 3].flatMap((lane) => [...get(sums[0]), ...floatLane(lane), ...(lane === 0 ? [] : [floatAdd])])
  return [
    ...locals([1, type.i32], [6, type.v128]),
    ...[...constant(0x8fffffff | 0), ...splat32, ...set(signAndValue), ...get(at), ...get(bytes), add, ...set(last)],
    ...loop,
    ...[...get(at), ...load(0), ...set(halves), ...part(widenLow16, sums[0], 0), ...part(widenHigh16, sums[1], 16)],
    ...[...get(at), ...load(16), ...set(halves), ...part(widenLow16, sums[2], 32), ...part(widenHigh16, sums[3], 48)],
    ...[...get(query), ...constant(64), add, ...set(query)],
    ...[...get(at), ...constant(32), add, ...tee(at), ...get(last), isBelow, ...repeatIf],
    end,
    ...[...get(sums[0]), ...sums.slice(1).flatMap((sum) => [...get(sum), ...floatAdd4]), ...set(sums[0])],
    ...[...total, end],
  ]
}

function functionType(parameters: number, results: number[]): number[] {
  return [0x60, parameters, ...new Array<number>(parameters).fill(type.i32), results.length, ...results]
}

function section(id: number, entries: number[][]): number[] {
  const content = [...unsigned(entries.length), ...entries.flat()]
  return [id, ...unsigned(content.length), ...content]
}

function locals(...groups: [number, number][]): number[] {
  return [groups.length, ...groups.flat()]
}

function text(letters: string): number[] {
  return [letters.length, ...Buffer.from(letters)]
}

function get(local: number): number[] {
  return [0x20, local]
}

function set(local: number): number[] {
  return [0x21, local]
}

function tee(local: number): number[] {
  return [0x22, local]
}

function constant(value: number): number[] {
  return [0x41, ...signed(value)]
}

function vector(instruction: number): number[] {
  return [0xfd, ...unsigned(instruction)]
}

/** LEB128, seven bits a byte. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const rest = value >> 7
  const isLast = (rest === 0 && (value & 64) === 0) || (rest === -1 && (value & 64) !== 0)
  return isLast ? [value & 127] : [(value & 127) | 128, ...signed(rest)]
}
