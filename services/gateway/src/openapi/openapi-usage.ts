import type { ApiOperation } from './openapi-operation.ts'

const range = ['from', 'to', 'format']

export const usageOperations: ApiOperation[] = [
  {
    id: 'getUsage',
    method: 'get',
    path: '/v1/usage',
    summary: 'Tokens and USD of calls, added up by group_by: model, user, agent, session, day, key, provider, kind, outcome',
    scope: 'admin',
    query: ['group_by', ...range, 'limit'],
  },
  {
    id: 'listUsageCalls',
    method: 'get',
    path: '/v1/usage/calls',
    summary: 'Calls of models, newest first; all of the range with format=csv',
    scope: 'admin',
    query: ['limit', 'after', ...range, 'model', 'user', 'agent', 'session', 'outcome'],
  },
  {
    id: 'getUsageCall',
    method: 'get',
    path: '/v1/usage/calls/{callId}',
    summary: 'One call, with the price it was reckoned at',
    scope: 'admin',
  },
]
