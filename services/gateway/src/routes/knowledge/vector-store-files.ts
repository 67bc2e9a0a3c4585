import { WeftError } from '@weft/contracts'
import type { Router } from 'express'
import { fileLabel } from './file-label.ts'
import { hintIngestion, type KnowledgeDeps } from './knowledge-deps.ts'
import { listObject, mapPage, vectorStoreFileObject } from './openai-objects.ts'
import { AddFile, parseBody, parseStoreFileListQuery, UpdateFile } from './request-schemas.ts'

const listPath = '/v1/vector_stores/:vectorStoreId/files'
const filePath = '/v1/vector_stores/:vectorStoreId/files/:fileId'

/** `POST, GET …/files`, `GET, POST, DELETE …/files/{file_id}`, `GET …/files/{file_id}/content` */
export function mountVectorStoreFiles(router: Router, deps: KnowledgeDeps): void {
  const { store, tenantOf } = deps

  router.post(listPath, async (request, response) => {
    const tenant = tenantOf(response)
    const { vectorStoreId } = request.params
    const added = addFileInput(parseBody(AddFile, request, response))
    const file = await store.addFile({ tenant, vectorStoreId, ...added })
    hintIngestion(deps, { tenant, vectorStoreId, fileIds: [file.fileId] })
    response.json(vectorStoreFileObject(file))
  })

  router.get(listPath, async (request, response) => {
    const place = { tenant: tenantOf(response), ...request.params }
    const files = await store.listVectorStoreFiles({ ...place, ...parseStoreFileListQuery(request) })
    response.json(listObject(mapPage(files, vectorStoreFileObject)))
  })

  router.get(filePath, async (request, response) => {
    const file = await store.getVectorStoreFile({ tenant: tenantOf(response), ...request.params })
    response.json(vectorStoreFileObject(file))
  })

  router.post(filePath, async (request, response) => {
    const { attributes, filename } = parseBody(UpdateFile, request, response)
    const place = { tenant: tenantOf(response), ...request.params }
    let file = await store.getVectorStoreFile(place)
    if (attributes !== undefined) file = await store.updateAttributes({ ...place, attributes: attributes ?? {} })
    if (filename !== undefined) await store.renameFile({ ...place, filename: fileLabel(filename) })
    response.json(vectorStoreFileObject(file))
  })

  router.delete(filePath, async (request, response) => {
    const { fileId } = request.params
    const isRemoved = await store.removeFile({ tenant: tenantOf(response), ...request.params })
    if (!isRemoved) throw new WeftError('not_found', `no file '${fileId}' in this vector store`, { param: 'file_id' })
    response.json({ id: fileId, object: 'vector_store.file.deleted', deleted: true })
  })

  router.get(`${filePath}/content`, async (request, response) => {
    const { filename, attributes, text } = await store.readText({ tenant: tenantOf(response), ...request.params })
    const data = [{ type: 'text', text }]
    const page = { object: 'vector_store.file_content.page', data, has_more: false, next_page: null }
    response.json({ ...page, file_id: request.params.fileId, filename, attributes })
  })
}

/** The fields of a request as those of the store, without OpenAI's nulls. */
export function addFileInput(body: AddFile) {
  return {
    fileId: body.file_id,
    ...(body.attributes == null ? {} : { attributes: body.attributes }),
    ...(body.chunking_strategy == null ? {} : { chunkingStrategy: body.chunking_strategy }),
  }
}
