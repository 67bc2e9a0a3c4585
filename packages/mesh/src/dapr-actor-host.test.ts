import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import express from 'express'
import supertest from 'supertest'
import { type ActorType, createActorHost } from './dapr-actor-host.ts'

function hosting(actor: Partial<ActorType>) {
  const type: ActorType = {
    name: 'Clock',
    invoke: async () => undefined,
    remind: async () => 'keep',
    deactivate: async () => {},
    ...actor,
  }
  const app = express()
  app.use(express.json())
  app.use(createActorHost(type))
  return supertest(app)
}

it('a deactivation is answered although the actor still waits for the runtime, which waits for the answer', async () => {
  const deactivated: string[] = []
  const neverEnding = (id: string) => {
    deactivated.push(id)
    return new Promise<void>(() => {})
  }
  await hosting({ deactivate: neverEnding }).delete('/actors/Clock/a.b').expect(200)
  expect(deactivated).toEqual(['a.b'])
})

it('a refusal is an answer: anything but 200 would be repeated by the runtime', async () => {
  const refusing = hosting({ invoke: () => Promise.reject(new WeftError('conflict', 'it was decided before')) })
  const { body } = await refusing.put('/actors/Clock/a/method/wind').send({}).expect(200)
  expect(body).toMatchObject({ ok: false, problem: { code: 'conflict', message: 'it was decided before' } })
})

it('a method that answers nothing answers null', async () => {
  const { body } = await hosting({}).put('/actors/Clock/a/method/wind').send({}).expect(200)
  expect(body).toEqual({ ok: true, value: null })
})

it('a reminder is ended by the actor alone, and beats again when it failed', async () => {
  const ended = await hosting({ remind: async () => 'cancel' })
    .put('/actors/Clock/a/method/remind/beat')
    .send({})
    .expect(200)
  expect(ended.headers['x-daprremindercancel']).toBe('true')
  const failing = hosting({ remind: () => Promise.reject(new Error('the store is away')) })
  const failed = await failing.put('/actors/Clock/a/method/remind/beat').send({}).expect(500)
  expect(failed.headers['x-daprremindercancel']).toBeUndefined()
})
