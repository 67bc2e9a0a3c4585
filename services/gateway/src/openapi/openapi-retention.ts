import type { ApiOperation } from './openapi-operation.ts'

export const retentionOperations: ApiOperation[] = [
  {
    id: 'getRetention',
    method: 'get',
    path: '/v1/retention',
    summary:
      'For how long sessions, calls and audit are kept, what is due to go into the archive, and whether that can be written',
    scope: 'admin',
  },
  {
    id: 'runRetention',
    method: 'post',
    path: '/v1/retention/run',
    summary: 'Puts what is due into the archive and removes it, for 15 seconds; isMoreDue says whether to ask again',
    scope: 'admin',
  },
]
