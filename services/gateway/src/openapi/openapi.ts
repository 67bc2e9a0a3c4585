import { weftVersion } from '@weft/contracts'
import type { ApiOperation } from './openapi-operation.ts'
import { operations } from './openapi-operations.ts'
import { mayBeEmpty, schemaObjects, schemaRef } from './openapi-schemas.ts'

/** The public API as an OpenAPI 3.1 document, made from the schemas that validate requests. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Weft', version: weftVersion, description: 'A mesh of agent services behind one OpenAI-compatible endpoint' },
    servers: [{ url: 'http://127.0.0.1:8000' }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of this installation: weft_…' } },
      schemas: { ...schemaObjects(), Error: errorSchema },
    },
  }
}

function describe({ id, summary, scope, path, body, query, answer, ...more }: ApiOperation) {
  const parameters = [...pathParameters(path), ...(query ?? []).map(queryParameter), ...(more.headers ?? []).map(headerParameter)]
  const content = answer?.content ?? 'application/json'
  const schema = answer?.schema === undefined ? {} : schemaRef(answer.schema)
  return {
    operationId: id,
    summary,
    ...(scope === undefined ? { security: [] } : { 'x-weft-scope': scope }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !mayBeEmpty(body.schema),
            content: { [body.content ?? 'application/json']: { schema: schemaRef(body.schema) } },
          },
        }),
    responses: {
      [answer?.status ?? 200]: { description: answer?.description ?? 'The answer', content: { [content]: { schema } } },
      default: {
        description: 'Refused or failed',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function pathParameters(path: string) {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

function queryParameter(name: string) {
  const isNumber = name === 'limit'
  return { name, in: 'query', required: false, schema: { type: isNumber ? 'integer' : 'string' } }
}

function headerParameter(name: string) {
  return { name, in: 'header', required: false, schema: { type: 'string' } }
}

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: ['string', 'null'] },
      },
    },
  },
}
