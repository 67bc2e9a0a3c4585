import { readFile } from 'node:fs/promises'
import { ApiKey, errorMessage, newId, parseValue } from '@weft/contracts'
import type { AuditLog } from '../audit/audit-log.ts'
import { hashApiKey, keyPreview, keyScopes } from '../core/api-key.ts'
import { operatorTenant } from '../core/tenant.ts'
import type { Log } from '../log.ts'

/** Where the first admin key comes from: the environment, or the file the supervisor keeps it in. */
export interface AdminKeySource {
  key: string | undefined
  file: string | undefined
}

/** The first admin key; undefined when neither is given, for installations whose keys are already stored. */
export async function readAdminKey({ key, file }: AdminKeySource): Promise<string | undefined> {
  if (key !== undefined || file === undefined) return key
  const text = (await readFile(file, 'utf8')).trim()
  return parseValue(ApiKey, text, `the key in ${file} is not usable`)
}

export interface StoreKeyOptions {
  audit: Pick<AuditLog, 'act'>
  adminKey: string
  logger: Pick<Log, 'warn'>
  signal: AbortSignal
}

const retryMs = 500
/** Whose doing it is that the installation begins. */
const firstStart = { keyId: 'weft', name: 'the first start', tenant: operatorTenant }

/** Stores the first admin key, waiting for the database as long as it takes. A key that was revoked stays revoked. */
export async function storeAdminKey({ audit, adminKey, logger, signal }: StoreKeyOptions): Promise<void> {
  const key = {
    id: newId('key'),
    tenant: operatorTenant,
    name: 'first admin key',
    keyHash: hashApiKey(adminKey),
    preview: keyPreview(adminKey),
    scopes: [...keyScopes],
    roles: [],
    expiresAt: undefined,
  }
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await audit.act(firstStart, async ({ keys }, note) => {
        const { id: target, name, scopes } = key
        if (await keys.insert(key)) note({ action: 'key.created', target, details: { name, scopes } })
      })
      return
    } catch (cause) {
      if (attempt % 20 === 1)
        logger.warn('the first admin key waits for the database', {
          cause: errorMessage(cause),
        })
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}
