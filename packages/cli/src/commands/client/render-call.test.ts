import { expect, it } from '@jest/globals'
import { renderCall, type UsageCall } from './render-call.ts'

const call: UsageCall = {
  id: 'call_1',
  startedAt: '2026-03-01T10:00:00.000Z',
  kind: 'chat',
  outcome: 'completed',
  errorCode: null,
  model: 'openai/small',
  agent: 'gateway',
  user: 'ann',
  sessionId: null,
  turn: null,
  stepId: null,
  attempt: 1,
  firstCallId: 'call_1',
  inputTokens: 1_200,
  cachedInputTokens: 200,
  outputTokens: 30,
  costUsd: 0.000_135,
  measured: true,
  priceKnown: true,
  price: { inputUsd: 0.1, outputUsd: 0.5 },
  durationMs: 812.4,
  firstTokenMs: 300.2,
  receipt: null,
}

it('shows what a call was, what it cost and at which price', () => {
  expect(renderCall(call)).toEqual([
    'call_1  chat of openai/small: completed',
    '2026-03-01T10:00:00.000Z, 812 ms, first token after 300 ms',
    'for user ann, agent gateway',
    '0.000135 USD: 1200 tokens in (200 of them cached), 30 out, counted by the provider; 0.1 in and 0.5 out USD a million',
  ])
})

it('shows why its model answered: who else could have, who not, and what a budget made of it', () => {
  const receipt = {
    taskClass: 'coding',
    why: 'openai/small is the cheapest that can answer',
    candidates: [{ model: 'openai/small', expectedUsd: 0.000_2, expectedQuality: 0.91, breaker: 'half_open' }],
    excluded: [{ why: 'openai/old is about to be withdrawn' }],
    insteadOf: { model: 'openai/large', why: 'The budget of the tenant has 0.01 USD left.' },
    answerShortenedTo: 400,
  }
  expect(renderCall({ ...call, receipt }).slice(4)).toEqual([
    'instead of openai/large: The budget of the tenant has 0.01 USD left.',
    'a budget cut the answer to 400 tokens',
    'chosen for coding: openai/small is the cheapest that can answer',
    '  openai/small: about 0.000200 USD, quality 0.91, its breaker half open',
    '  not openai/old is about to be withdrawn',
  ])
})

it('says what failed, after which attempt, and that nobody counted', () => {
  const failed = {
    ...call,
    outcome: 'failed',
    errorCode: 'timeout',
    attempt: 2,
    durationMs: null,
    measured: false,
    priceKnown: false,
  }
  expect(renderCall(failed)).toEqual([
    'call_1  chat of openai/small: failed (timeout)',
    '2026-03-01T10:00:00.000Z, attempt 2 after call_1',
    'for user ann, agent gateway',
    '0.000135 USD: 1200 tokens in (200 of them cached), 30 out, estimated; 0.1 in and 0.5 out USD a million, assumed',
  ])
})
