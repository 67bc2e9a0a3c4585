import { parentPort } from 'node:worker_threads'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'

const Schema = z.record(z.string(), z.unknown())
const Asked = z.object({ id: z.number(), question: z.array(z.object({ text: z.string(), schema: Schema })) })

parentPort?.on('message', (message: unknown) => {
  const { id, question } = Asked.parse(message)
  parentPort?.postMessage({ id, answer: question.map(keepsTo) })
})

/** Whether a text is JSON that keeps to its schema; null when the schema itself is invalid. */
function keepsTo({ text, schema }: z.infer<typeof Asked>['question'][number]): boolean | null {
  // Each schema gets a validator of its own, because schemas of two clients may have the same id.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  const { $schema: _dialect, ...rest } = schema
  try {
    const validate = ajv.compile(rest)
    return validate(JSON.parse(text)) === true
  } catch (cause) {
    return cause instanceof SyntaxError ? false : null
  }
}
