import { setImmediate } from 'node:timers/promises'
import { parseJson, parseValue, ReplyBatch } from '@weft/contracts'
import { componentNames } from '@weft/mesh'
import type { Express } from 'express'
import { z } from 'zod'
import type { ReplyHub } from './reply-hub.ts'

/** The topic on which sessions answer this gateway. */
export function replyTopicOf(instance: string): string {
  return `gateway.${instance}`
}

/** The batch as a string of JSON, which the sidecars pass on as it is. */
const CloudEvent = z.looseObject({ data: z.string() })

/** What the own sidecar asks and delivers: the subscription, and batches of replies. */
export function mountReplies(
  internal: Express,
  options: { topic: string; hub: ReplyHub; onProblem: (cause: unknown) => void },
): void {
  const subscription = {
    pubsubname: componentNames.pubSub,
    topic: options.topic,
    route: '/replies',
    deadLetterTopic: `${options.topic}.dead`,
  }
  internal.get('/dapr/subscribe', (_request, response) => {
    response.json([subscription])
  })
  internal.post('/replies', async (request, response) => {
    try {
      const { data } = parseValue(CloudEvent, request.body, 'the event')
      options.hub.deliver(parseJson(ReplyBatch, data, 'the reply batch'))
      // Readers first: they are woken now, and the broker's answer can wait for them.
      await setImmediate()
      response.json({ status: 'SUCCESS' })
    } catch (cause) {
      // It would be as malformed the next time; followers notice the gap and read the session.
      options.onProblem(cause)
      response.json({ status: 'DROP' })
    }
  })
}
