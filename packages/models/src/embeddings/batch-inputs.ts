import type { RequestBounds } from './request-bounds.ts'

/** Cuts inputs into batches that keep the bounds of a request, in their order. An input that is too large by itself gets a batch of its own. */
export function batchInputs<Input extends string | number[]>(
  inputs: Input[],
  { inputsMax, tokensMax }: RequestBounds,
): Input[][] {
  const batches: Input[][] = []
  let batch: Input[] = []
  let size = 0
  for (const input of inputs) {
    const more = typeof input === 'string' ? Buffer.byteLength(input) : input.length
    if (batch.length > 0 && (batch.length >= inputsMax || size + more > tokensMax)) {
      batches.push(batch)
      batch = []
      size = 0
    }
    batch.push(input)
    size += more
  }
  return batch.length === 0 ? batches : [...batches, batch]
}
