import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { openApiDocument } from './openapi.ts'

const Described = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ operationId: z.string(), requestBody: z.object({ required: z.boolean() }).optional() })),
  ),
})

it('says which bodies may be left out', () => {
  const operations = Object.values(Described.parse(openApiDocument()).paths).flatMap((path) => Object.values(path))
  const optional = operations.filter(({ requestBody }) => requestBody?.required === false).map(({ operationId }) => operationId)
  expect(optional.toSorted()).toEqual([
    'approveApproval',
    'checkModels',
    'createKey',
    'createVectorStore',
    'forkSession',
    'updateVectorStore',
  ])
})
