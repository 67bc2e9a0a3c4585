import type { RequestHandler } from 'express'
import { requireOperator } from '../../core/tenant.ts'
import { tenantOf } from '../../http/request-context.ts'
import { sendList } from '../send-list.ts'
import { settingObjects } from './setting-objects.ts'
import type { SettingsDeps } from './settings-deps.ts'

/** `GET /v1/settings`: what may be set while the mesh runs, each with its current value and where that comes from. */
export function listSettings(deps: SettingsDeps): RequestHandler {
  return async (request, response) => {
    requireOperator(tenantOf(response), 'settings are read')
    // While the database does not answer, the values that were read last are the ones in use.
    await deps.live.refresh().catch(() => undefined)
    await sendList(request, response, { items: settingObjects(deps), idOf: ({ name }) => name })
  }
}
