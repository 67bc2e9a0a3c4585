import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { readSettings, SettingsError } from './read-settings.ts'
import { appSettings, databaseSettings, providerSettings, telemetrySettings } from './shared-settings.ts'

const secret = 'x'.repeat(16)

describe('settings', () => {
  it('names every variable that is missing or wrong, at once, with what it should be', () => {
    const environment = { WEFT_APP_PORT: 'eighty', DAPR_API_TOKEN: 'short', APP_API_TOKEN: secret, WEFT_INSTANCE: 'a b' }
    const problems = problemsOf(() => readSettings(appSettings, environment))
    expect(problems).toEqual([
      expect.stringMatching(/^WEFT_APP_PORT: a port from 0 to 65535.*, not 'eighty'$/),
      expect.stringMatching(/^DAPR_HTTP_PORT is not set: a port from 1 to 65535.*npm start/),
      expect.stringMatching(/^DAPR_API_TOKEN: at least 16 characters/),
      'WEFT_INSTANCE: 1 to 64 letters, digits and "-", not \'a b\'',
    ])
  })

  it('puts them into the message, one a line', () => {
    expect(() => readSettings(appSettings, {})).toThrow(
      /^the environment is not usable:\n {2}WEFT_APP_PORT is not set: .+\n {2}DAPR_HTTP_PORT is not set: .+\n {2}DAPR_API_TOKEN is not set: .+\n {2}APP_API_TOKEN is not set/,
    )
  })

  it('never repeats a secret', () => {
    const schema = z.object({ ...appSettings.shape, ...databaseSettings.shape, ...providerSettings.shape })
    const hidden = 'hunter2 with blanks'
    const problems = problemsOf(() =>
      readSettings(schema, {
        WEFT_APP_PORT: '1',
        DAPR_HTTP_PORT: '1',
        DAPR_API_TOKEN: 'hunter2',
        APP_API_TOKEN: secret,
        DATABASE_URLS: 'mysql://me:hunter2@host/db',
        OPENAI_API_KEY: hidden,
        OPENAI_BASE_URL: 'ftp://me:hunter2@host',
      }),
    )
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'DAPR_API_TOKEN',
      'DATABASE_URLS',
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
    ])
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  it('takes an empty or blank variable as absent', () => {
    expect(readSettings(z.object({ NAME: z.string().default('fallback') }), { NAME: '' })).toEqual({ NAME: 'fallback' })
    expect(readSettings(z.object({ NAME: z.string().default('fallback') }), { NAME: '  ' })).toEqual({ NAME: 'fallback' })
  })

  it('splits database URLs and refuses what is not one', () => {
    const urls = 'postgres://a@127.0.0.1/weft, postgresql://b@127.0.0.1/weft,'
    expect(readSettings(databaseSettings, { DATABASE_URLS: urls }).DATABASE_URLS).toEqual([
      'postgres://a@127.0.0.1/weft',
      'postgresql://b@127.0.0.1/weft',
    ])
    expect(problemsOf(() => readSettings(databaseSettings, { DATABASE_URLS: ', ,' }))).toEqual([
      expect.stringContaining('postgres://'),
    ])
  })

  it('lets every provider and every exporter be absent', () => {
    expect(readSettings(providerSettings, {})).toEqual({ WEFT_ROUTING: 'on', WEFT_HEDGING: 'off' })
    expect(readSettings(telemetrySettings, {})).toEqual({ WEFT_LOG_LEVEL: 'info' })
  })

  it('says which log levels there are', () => {
    expect(problemsOf(() => readSettings(telemetrySettings, { WEFT_LOG_LEVEL: 'loud' }))).toEqual([
      "WEFT_LOG_LEVEL: one of error, warn, info, debug, not 'loud'",
    ])
  })
})

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read()
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.problems
    throw thrown
  }
  throw new Error('nothing was refused')
}
