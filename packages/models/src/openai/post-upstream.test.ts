import { expect, it } from '@jest/globals'
import { Dispatcher } from 'undici'
import { postUpstream } from './post-upstream.ts'

/** Its requests wait for a connection until it is told that there is one. */
class WaitingDispatcher extends Dispatcher {
  readonly aborts: unknown[] = []
  #connected: (() => void) | undefined

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const abort = (reason: Error) => {
      this.aborts.push(reason)
      handler.onResponseError?.(controller, reason)
    }
    const controller = { aborted: false, paused: false, reason: null, abort, pause: () => undefined, resume: () => undefined }
    this.#connected = () => handler.onRequestStart?.(controller, {})
    return true
  }

  open(): void {
    this.#connected?.()
  }
}

it('a call that is cancelled while it waits for its connection is left at once, and never sent', async () => {
  const dispatcher = new WaitingDispatcher()
  const caller = new AbortController()
  const reason = new Error('the reader has gone')
  const { signal } = caller
  const call = postUpstream({ dispatcher, origin: 'http://127.0.0.1:1', path: '/v1', headers: {}, body: '{}', signal })
  caller.abort(reason)
  await expect(call).rejects.toBe(reason)
  expect(dispatcher.aborts).toEqual([])
  dispatcher.open()
  expect(dispatcher.aborts).toEqual([reason])
})
