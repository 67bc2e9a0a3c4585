import { describe, expect, it } from '@jest/globals'
import { allowedHosts, isAllowedHost } from './check-host.ts'

const allowed = allowedHosts(['Weft.example'])
const isAllowed = (host: string | undefined, origin?: string) => isAllowedHost({ host, origin }, allowed)

describe('the Host and Origin of a request', () => {
  it.each([['localhost'], ['localhost:8000'], ['127.0.0.1:8000'], ['[::1]:8000'], ['weft.example'], ['WEFT.example:443']])(
    'may be %s',
    (host) => {
      expect(isAllowed(host)).toBe(true)
    },
  )

  it.each([
    [undefined],
    [''],
    ['evil.example'],
    ['127.0.0.1.evil.example'],
    ['localhost@evil.example'],
    ['evil.example:8000'],
    ['127.0.0.2'],
  ])('may not be %p', (host) => {
    expect(isAllowed(host)).toBe(false)
  })

  it('must both be ours when a browser sends an origin', () => {
    expect(isAllowed('localhost:8000', 'http://localhost:3000')).toBe(true)
    expect(isAllowed('localhost:8000', 'https://evil.example')).toBe(false)
    expect(isAllowed('localhost:8000', 'null')).toBe(false)
  })
})
