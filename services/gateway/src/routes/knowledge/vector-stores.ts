import { WeftError } from '@weft/contracts'
import type { Router } from 'express'
import { actorOf } from '../../http/request-context.ts'
import { hintIngestion, type KnowledgeDeps } from './knowledge-deps.ts'
import { listObject, mapPage, vectorStoreObject } from './openai-objects.ts'
import { CreateVectorStore, parseBody, parseListQuery, UpdateVectorStore } from './request-schemas.ts'

/** `POST, GET /v1/vector_stores`, `GET, POST, DELETE /v1/vector_stores/{id}` */
export function mountVectorStores(router: Router, deps: KnowledgeDeps): void {
  const { store, audit, tenantOf, onStoresChanged } = deps

  router.post('/v1/vector_stores', async (request, response) => {
    const tenant = tenantOf(response)
    const body = parseBody(CreateVectorStore, request, response)
    const fileIds = body.file_ids ?? []
    const created = await store.createVectorStore({
      tenant,
      fileIds,
      ...(body.name == null ? {} : { name: body.name }),
      ...(body.metadata == null ? {} : { metadata: body.metadata }),
      ...(body.expires_after == null ? {} : { expiresAfterDays: body.expires_after.days }),
      ...(body.chunking_strategy == null ? {} : { chunkingStrategy: body.chunking_strategy }),
    })
    onStoresChanged(tenant)
    hintIngestion(deps, { tenant, vectorStoreId: created.id, fileIds })
    response.json(vectorStoreObject(created))
  })

  router.get('/v1/vector_stores', async (request, response) => {
    const page = await store.listVectorStores({ tenant: tenantOf(response), ...parseListQuery(request) })
    response.json(listObject(mapPage(page, vectorStoreObject)))
  })

  router.get('/v1/vector_stores/:vectorStoreId', async (request, response) => {
    const found = await store.getVectorStore({ tenant: tenantOf(response), ...request.params })
    response.json(vectorStoreObject(found))
  })

  router.post('/v1/vector_stores/:vectorStoreId', async (request, response) => {
    const body = parseBody(UpdateVectorStore, request, response)
    const updated = await store.updateVectorStore({
      tenant: tenantOf(response),
      ...request.params,
      ...(body.name == null ? {} : { name: body.name }),
      ...(body.metadata === undefined ? {} : { metadata: body.metadata ?? {} }),
      ...(body.expires_after === undefined ? {} : { expiresAfterDays: body.expires_after?.days ?? null }),
    })
    response.json(vectorStoreObject(updated))
  })

  router.delete('/v1/vector_stores/:vectorStoreId', async (request, response) => {
    const { vectorStoreId } = request.params
    const by = actorOf(response)
    const { tenant } = by
    const isDeleted = await audit.act(by, async ({ knowledge }, note) => {
      if (!(await knowledge.deleteVectorStore({ tenant, vectorStoreId }))) return false
      note({ action: 'vector_store.deleted', target: vectorStoreId })
      return true
    })
    onStoresChanged(tenant)
    if (!isDeleted) throw new WeftError('not_found', `no vector store '${vectorStoreId}'`, { param: 'vector_store_id' })
    response.json({ id: vectorStoreId, object: 'vector_store.deleted', deleted: true })
  })
}
