/** The `k`th largest value; of fewer, minus infinity. */
export function kthLargest(values: Float32Array, k: number): number {
  if (values.length < k || k < 1) return Number.NEGATIVE_INFINITY
  // In order, they are a heap whose least is on top.
  const heap = values.slice(0, k).sort()
  for (let index = k; index < values.length; index += 1) {
    const value = values[index] ?? 0
    if (value > (heap[0] ?? 0)) replaceTop(heap, value)
  }
  return heap[0] ?? Number.NEGATIVE_INFINITY
}

function replaceTop(heap: Float32Array, value: number): void {
  let at = 0
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1
    const least = heap[child] ?? 0
    if (least >= value) break
    heap[at] = least
    at = child
  }
  heap[at] = value
}
