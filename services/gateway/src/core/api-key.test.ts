import { describe, expect, it } from '@jest/globals'
import { hashApiKey, keyFromHeader, keyPreview, newApiKey, requireScope } from './api-key.ts'

describe('api keys', () => {
  it('are read from a bearer header only', () => {
    const key = newApiKey()
    expect(keyFromHeader(`Bearer ${key}`)).toBe(key)
    expect(keyFromHeader(`bearer ${key}`)).toBe(key)
    expect(keyFromHeader(`Bearer   ${key} `)).toBe(key)
  })

  it.each([
    [undefined],
    [''],
    ['Bearer'],
    ['Bearer sk-something-long-enough'],
    ["Bearer weft_' or 1=1 --aaaaaaaaaaaaaaa"],
    ['Basic weft_aaaaaaaaaaaaaaaaaaaa'],
    ['Bearer weft_aaaaaaaaaaaaaaaaaaaa extra'],
  ])('are refused when the header is %p, without repeating it', (header) => {
    expect(() => keyFromHeader(header)).toThrow(/key/)
    try {
      keyFromHeader(header)
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'invalid_api_key', status: 401 })
      expect(String(thrown)).not.toContain('1=1')
    }
  })

  it('have 256 random bits, and are shown again only in part', () => {
    const key = newApiKey()
    expect(key).toMatch(/^weft_[A-Za-z0-9_-]{43}$/)
    expect(newApiKey()).not.toBe(key)
    expect(keyPreview(key).length).toBeLessThan(16)
    expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('do only what their scopes name', () => {
    const identity = { keyId: 'key_1', tenant: 't', scopes: ['chat'] as const, name: '', roles: [], expiresAtMs: undefined }
    expect(() => requireScope(identity, 'admin')).toThrow(/admin/)
    expect(() => requireScope(identity, 'chat')).not.toThrow()
  })

  it('approve when they administrate', () => {
    const identity = { keyId: 'key_1', tenant: 't', scopes: ['admin'] as const, name: '', roles: [], expiresAtMs: undefined }
    expect(() => requireScope(identity, 'approve')).not.toThrow()
    expect(() => requireScope(identity, 'chat')).toThrow(/chat/)
  })
})
