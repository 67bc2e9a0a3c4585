import { expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { findStore } from './knowledge-api.ts'

const data = [
  { id: 'vs_old', name: 'notes', status: 'expired' },
  { id: 'vs_new', name: 'notes', status: 'completed' },
]
const list = { object: 'list', data, has_more: false }
const client = new OpenAI({ apiKey: 'key', fetch: async () => Response.json(list) })

it('a store is found by its id, and by its name unless it has expired', async () => {
  expect(await findStore(client, 'notes')).toEqual({ id: 'vs_new', name: 'notes' })
  expect(await findStore(client, 'vs_old')).toMatchObject({ id: 'vs_old' })
  expect(await findStore(client, 'other')).toBeUndefined()
})
