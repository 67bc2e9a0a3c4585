import { expect, it } from '@jest/globals'
import {
  addRemoved,
  describeDue,
  describeRemoved,
  describeRetention,
  nothingRemoved,
  RetentionState,
} from './retention-report.ts'

const state = RetentionState.parse({
  object: 'retention',
  tenant: 'acme',
  days: { sessions: 30, calls: 400, audit: 'none' },
  due: {
    sessions: { count: 3, oldest: '2026-01-01T00:00:00.000Z' },
    calls: { count: 0 },
    audit: { count: 0 },
    approvals: { count: 0 },
  },
  removedUntil: { calls: '2025-01-01T00:00:00.000Z' },
  archive: { folder: null, problem: 'no folder is set for it (WEFT_ARCHIVE_FOLDER)' },
})

it('says for how long what is kept, what is due, and what keeps it here', () => {
  expect(describeRetention(state)).toEqual([
    'tenant acme',
    'ended sessions                     kept for 30 days; 3 due, the oldest of 2026-01-01T00:00:00.000Z',
    'calls of models                    kept for 400 days; in the archive alone until 2025-01-01T00:00:00.000Z',
    'lines of the audit log             kept for ever',
    'lines of the history of approvals  kept for ever',
    'archive                            none: no folder is set for it (WEFT_ARCHIVE_FOLDER); nothing is removed',
  ])
})

it('says what would go', () => {
  expect(describeDue(state.due)).toEqual(['3 ended sessions, the oldest of 2026-01-01T00:00:00.000Z'])
  expect(describeDue({ ...state.due, sessions: { count: 0 } })).toEqual(['nothing is due'])
})

it('adds up what has gone', () => {
  const removed = addRemoved(addRemoved(nothingRemoved, { ...nothingRemoved, sessions: 50 }), {
    ...nothingRemoved,
    sessions: 7,
    audit: 1,
  })
  expect(describeRemoved(removed)).toBe('in the archive now, and removed: 57 ended sessions, 1 line of the audit log')
  expect(describeRemoved(nothingRemoved)).toBe('nothing was removed')
})
