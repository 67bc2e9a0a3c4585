import { knowledgeLimits } from '@weft/contracts'
import type { Router } from 'express'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { fileObject } from './openai-objects.ts'
import { receiveUpload } from './receive-upload.ts'

/** `POST /v1/files` */
export function mountUploadFile(router: Router, { store, tenantOf }: KnowledgeDeps): void {
  router.post('/v1/files', async (request, response) => {
    const tenant = tenantOf(response)
    const file = await receiveUpload(request, {
      fileBytesMax: knowledgeLimits.fileBytesMax,
      save: (incoming) => store.createFile({ tenant, ...incoming }),
    })
    response.json(fileObject(file))
  })
}
