import type { Router } from 'express'
import type { z } from 'zod'
import { hintIngestion, type KnowledgeDeps } from './knowledge-deps.ts'
import { fileBatchObject, listObject, mapPage, vectorStoreFileObject } from './openai-objects.ts'
import { CreateFileBatch, parseBody, parseStoreFileListQuery } from './request-schemas.ts'
import { addFileInput } from './vector-store-files.ts'

const listPath = '/v1/vector_stores/:vectorStoreId/file_batches'
const batchPath = '/v1/vector_stores/:vectorStoreId/file_batches/:batchId'

/** `POST …/file_batches`, `GET …/file_batches/{id}`, `GET …/file_batches/{id}/files`, `POST …/file_batches/{id}/cancel` */
export function mountFileBatches(router: Router, deps: KnowledgeDeps): void {
  const { store, tenantOf } = deps

  router.post(listPath, async (request, response) => {
    const tenant = tenantOf(response)
    const { vectorStoreId } = request.params
    const files = batchFiles(parseBody(CreateFileBatch, request, response))
    const batch = await store.addFiles({ tenant, vectorStoreId, files })
    hintIngestion(deps, { tenant, vectorStoreId, fileIds: files.map(({ fileId }) => fileId) })
    response.json(fileBatchObject(batch))
  })

  router.get(batchPath, async (request, response) => {
    const batch = await store.getFileBatch({ tenant: tenantOf(response), ...request.params })
    response.json(fileBatchObject(batch))
  })

  router.get(`${batchPath}/files`, async (request, response) => {
    const place = { tenant: tenantOf(response), ...request.params }
    await store.getFileBatch(place)
    const files = await store.listVectorStoreFiles({ ...place, ...parseStoreFileListQuery(request) })
    response.json(listObject(mapPage(files, vectorStoreFileObject)))
  })

  router.post(`${batchPath}/cancel`, async (request, response) => {
    const batch = await store.cancelFileBatch({ tenant: tenantOf(response), ...request.params })
    response.json(fileBatchObject(batch))
  })
}

/** As OpenAI documents it: attributes and chunking of the batch apply to every one of `file_ids`, while each of `files` has its own. */
function batchFiles(body: z.infer<typeof CreateFileBatch>) {
  if (body.files != null) return body.files.map(addFileInput)
  const { attributes, chunking_strategy } = body
  return (body.file_ids ?? []).map((file_id) => addFileInput({ file_id, attributes, chunking_strategy }))
}
