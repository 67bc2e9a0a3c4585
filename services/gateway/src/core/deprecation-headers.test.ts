import { expect, it } from '@jest/globals'
import { deprecationHeaders } from './deprecation-headers.ts'

it('tells programs when, until when and what instead, and people in a sentence', () => {
  const deprecated = { since: '2026-01-01', removedOn: '2026-12-01', replacement: 'openai/new' }
  expect(deprecationHeaders('openai/old', deprecated)).toEqual({
    deprecation: '@1767225600',
    sunset: 'Tue, 01 Dec 2026 00:00:00 GMT',
    link: '</v1/models/openai/new>; rel="successor-version"',
    'x-weft-warning': 'openai/old is deprecated since 2026-01-01 and is removed on 2026-12-01; use openai/new instead',
  })
})

it('says nothing of a model that stays', () => {
  expect(deprecationHeaders('openai/new', undefined)).toEqual({})
})
