import { knowledgeLimits } from '@weft/contracts'
import type { Router } from 'express'
import { parseIdempotencyKey } from '../../core/session-id.ts'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { fileObject } from './openai-objects.ts'
import { receiveUpload } from './receive-upload.ts'

/** `POST /v1/files`. With an `Idempotency-Key`, a request that is sent several times makes one file. */
export function mountUploadFile(router: Router, { store, tenantOf }: KnowledgeDeps): void {
  router.post('/v1/files', async (request, response) => {
    const tenant = tenantOf(response)
    const uploadKey = parseIdempotencyKey(request.get('idempotency-key'))
    const file = await receiveUpload(request, {
      fileBytesMax: knowledgeLimits.fileBytesMax,
      save: (incoming) => store.createFile({ tenant, uploadKey, ...incoming }),
    })
    response.json(fileObject(file))
  })
}
