import { expect, it } from '@jest/globals'
import { identifierParts } from './identifier-parts.ts'

it('takes identifiers of every style apart', () => {
  expect(identifierParts('class MavenSettings { user_id = parseXMLFile(MAX_SIZE) }')).toBe(
    'Maven Settings user id parse XML File MAX SIZE',
  )
})

it('leaves plain words, numbers and names alone', () => {
  expect(identifierParts('The quick brown Fox, 3.14 and NATO; __init__')).toBe('')
})

it('works in other scripts, and in linear time on a line without end', () => {
  expect(identifierParts('größeÄndern имяФайла')).toBe('größe Ändern имя Файла')
  expect(identifierParts('a'.repeat(5_000_000))).toBe('')
})
