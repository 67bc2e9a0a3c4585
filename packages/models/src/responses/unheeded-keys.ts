/** The keys of items, of the parts of a message, and of tools that have an effect or only repeat what is known. */
const heeded = {
  message: ['type', 'id', 'status', 'role', 'content'],
  function_call: ['type', 'id', 'status', 'call_id', 'name', 'arguments'],
  function_call_output: ['type', 'id', 'status', 'call_id', 'output'],
  text: ['type', 'text', 'annotations', 'logprobs'],
  refusal: ['type', 'refusal'],
  input_image: ['type', 'image_url', 'detail'],
  input_file: ['type', 'file_data', 'filename'],
  function: ['type', 'name', 'description', 'parameters', 'strict'],
} as const

/** The keys of such a thing that are set and have no effect, each behind `place`. */
export function unheededKeys(kind: keyof typeof heeded, thing: object, place: string): string[] {
  const known: readonly string[] = heeded[kind]
  return Object.entries(thing).flatMap(([key, value]) => (value == null || known.includes(key) ? [] : [`${place}.${key}`]))
}
