import { PutSettings, parseValue } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { requireOperator } from '../../core/tenant.ts'
import { actorOf } from '../../http/request-context.ts'
import { changeSettings } from '../../live-settings/change-settings.ts'
import { settingObjects } from './setting-objects.ts'
import type { SettingsDeps } from './settings-deps.ts'

/** `PUT /v1/settings`: changes all of the settings that it names, or none. With null, the value of the environment is used again. */
export function putSettings(deps: SettingsDeps): RequestHandler {
  return async (request, response) => {
    const by = actorOf(response)
    requireOperator(by.tenant, 'settings are changed')
    const settings = parseValue(PutSettings, request.body ?? {}, 'the settings')
    await changeSettings(deps, { settings, by })
    response.json({ object: 'list', data: settingObjects(deps), has_more: false })
  }
}
