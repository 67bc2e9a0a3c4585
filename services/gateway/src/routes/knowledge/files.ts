import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { WeftError } from '@weft/contracts'
import type { Response, Router } from 'express'
import { actorOf } from '../../http/request-context.ts'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { fileObject, listObject, mapPage } from './openai-objects.ts'
import { parseFileListQuery } from './request-schemas.ts'

/** `GET /v1/files`, `GET, DELETE /v1/files/{id}`, `GET /v1/files/{id}/content` */
export function mountFiles(router: Router, { store, audit, tenantOf }: KnowledgeDeps): void {
  router.get('/v1/files', async (request, response) => {
    const page = await store.listFiles({ tenant: tenantOf(response), ...parseFileListQuery(request) })
    response.json(listObject(mapPage(page, fileObject)))
  })

  router.get('/v1/files/:fileId', async (request, response) => {
    const file = await store.getFile({ tenant: tenantOf(response), fileId: request.params.fileId })
    response.json(fileObject(file))
  })

  router.delete('/v1/files/:fileId', async (request, response) => {
    const { fileId } = request.params
    const by = actorOf(response)
    await audit.act(by, async ({ knowledge }, note) => {
      const isDeleted = await knowledge.deleteFile({ tenant: by.tenant, fileId })
      if (!isDeleted) throw new WeftError('not_found', `no file '${fileId}'`, { param: 'file_id' })
      note({ action: 'file.deleted', target: fileId })
    })
    response.json({ id: fileId, object: 'file', deleted: true })
  })

  router.get('/v1/files/:fileId/content', async (request, response) => {
    const owned = { tenant: tenantOf(response), fileId: request.params.fileId }
    const file = await store.getFile(owned)
    // No browser may show uploaded bytes as a page of this origin, whatever they are.
    response.set({
      'content-type': 'application/octet-stream',
      'content-length': String(file.bytes),
      'x-content-type-options': 'nosniff',
    })
    response.attachment(file.filename.replaceAll(/[\\/]/g, '_')).type('application/octet-stream')
    await sendBytes(store.readContent(owned), response)
  })
}

async function sendBytes(bytes: AsyncIterable<Uint8Array>, response: Response): Promise<void> {
  try {
    await pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 1 }), response)
  } catch (error) {
    // Once bytes were sent, only a broken connection can tell the client that the rest is missing, and `pipeline` has already closed it.
    if (!response.headersSent) throw error
  }
}
