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

/** Mounts the routes that the own sidecar calls: the subscription to the reply topic, and the delivery of batches of replies. */
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
      // The readers that were just woken write first; the broker can wait that long for its answer.
      await setImmediate()
      response.json({ status: 'SUCCESS' })
    } catch (cause) {
      // Dropped, because delivered again it would be as malformed. Readers notice that something is missing and ask the session.
      options.onProblem(cause)
      response.json({ status: 'DROP' })
    }
  })
}
