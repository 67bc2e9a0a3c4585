import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { readSettings } from './read-settings.ts'
import { appSettings, databaseSettings } from './shared-settings.ts'

describe('settings', () => {
  it('names every variable that is missing or wrong, at once', () => {
    const read = () => readSettings(appSettings, { WEFT_APP_PORT: 'eighty', DAPR_API_TOKEN: 'short', APP_API_TOKEN: 'x'.repeat(16) })
    expect(read).toThrow(/WEFT_APP_PORT: .*\n.*DAPR_HTTP_PORT is not set.*\n.*DAPR_API_TOKEN: at least 16 characters/)
  })

  it('takes an empty variable as absent', () => {
    expect(readSettings(z.object({ NAME: z.string().default('fallback') }), { NAME: '' })).toEqual({ NAME: 'fallback' })
  })

  it('splits database URLs and refuses what is not one', () => {
    const urls = 'postgres://a@127.0.0.1/weft, postgresql://b@127.0.0.1/weft'
    expect(readSettings(databaseSettings, { DATABASE_URLS: urls }).DATABASE_URLS).toHaveLength(2)
    expect(() => readSettings(databaseSettings, { DATABASE_URLS: 'mysql://x' })).toThrow(/DATABASE_URLS.*postgres:\/\/ URL/)
  })
})
