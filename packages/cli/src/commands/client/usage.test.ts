import { expect, it } from '@jest/globals'
import { renderUsage } from './usage.ts'

it('shows usage as a table, with what is estimated and the sum of all', () => {
  const line = { calls: 2, inputTokens: 1_200, outputTokens: 30, costUsd: 0.25, estimated: { calls: 0 } }
  expect(
    renderUsage(
      [
        { day: '2026-03-01', user: 'ann', ...line },
        { day: '2026-03-02', user: null, ...line, estimated: { calls: 1 } },
      ],
      ['day', 'user'],
    ),
  ).toEqual([
    'day         user  calls  input  output     USD',
    '2026-03-01  ann       2   1200      30  0.2500',
    '2026-03-02  -         2   1200      30  0.2500  1 estimated',
    'all                   4   2400      60  0.5000  1 estimated',
  ])
})
