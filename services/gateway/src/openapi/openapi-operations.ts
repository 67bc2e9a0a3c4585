import { approvalOperations } from './openapi-approvals.ts'
import { budgetOperations } from './openapi-budgets.ts'
import type { ApiOperation } from './openapi-operation.ts'
import { retentionOperations } from './openapi-retention.ts'
import { usageOperations } from './openapi-usage.ts'
import { webhookOperations } from './openapi-webhooks.ts'

const sse = 'text/event-stream'
const page = ['limit', 'after']
const openAiPage = ['limit', 'after', 'before', 'order']

const chat: ApiOperation[] = [
  {
    ...chatScope(
      'post',
      '/v1/chat/completions',
      'createChatCompletion',
      'Answers a conversation: weft/<mode> runs a workflow, <provider>/<model> goes to that model',
    ),
    body: { schema: 'ChatCompletionRequest' },
    headers: ['X-Session-ID', 'Idempotency-Key'],
    answer: { description: 'A completion, a stream of chunks, or 202 when weft.background is true' },
  },
  {
    ...chatScope('post', '/v1/responses', 'createResponse', 'As chat completions, on OpenAI’s wire of responses'),
    body: { schema: 'ResponsesRequest' },
    headers: ['X-Session-ID', 'Idempotency-Key'],
    answer: { description: 'A response, or the stream of events that build it' },
  },
  {
    ...chatScope('get', '/v1/responses/{id}', 'getResponse', 'A stored response of a model, or a workflow’s as far as it is'),
    query: ['stream', 'starting_after', 'include'],
    answer: { description: 'A response, or, of one in the background, the stream of events that build it' },
  },
  {
    ...chatScope('get', '/v1/responses/{id}/input_items', 'listInputItems', 'What a response was made from'),
    query: [...page, 'order'],
  },
  chatScope('post', '/v1/responses/{id}/cancel', 'cancelResponse', 'Cancels a workflow’s response'),
  chatScope(
    'delete',
    '/v1/responses/{id}',
    'deleteResponse',
    'Forgets a stored response; of a workflow’s the turn stays in its session',
  ),
  {
    ...chatScope('post', '/v1/embeddings', 'createEmbeddings', 'Vectors of texts, as numbers or in base64'),
    body: { schema: 'EmbeddingsRequest' },
  },
  { ...chatScope('get', '/v1/models', 'listModels', 'Modes and available models, with capabilities and prices'), query: page },
  chatScope('get', '/v1/models/{id}', 'getModel', 'One mode or model'),
  {
    ...chatScope('post', '/v1/plan', 'createPlan', 'What would be done for an input'),
    body: { schema: 'PlanInput' },
    answer: { schema: 'PlannerAnswer' },
  },
  {
    ...chatScope('post', '/v1/plan/validate', 'validatePlan', 'Whether a plan can run'),
    body: { schema: 'PlanBody' },
    answer: { schema: 'PlannerAnswer' },
  },
  {
    ...chatScope('post', '/v1/plan/optimize', 'optimizePlan', 'The same work with less waiting'),
    body: { schema: 'PlanBody' },
    answer: { schema: 'PlannerAnswer' },
  },
]

const sessions: ApiOperation[] = [
  { ...chatScope('get', '/v1/sessions', 'listSessions', 'Sessions, newest first'), query: [...page, 'status', 'user'] },
  { ...chatScope('get', '/v1/sessions/{id}', 'getSession', 'Turns, plans, steps'), answer: { schema: 'SessionView' } },
  {
    ...chatScope('get', '/v1/sessions/{id}/events', 'streamSessionEvents', 'The event log; each event has its seq as id'),
    query: ['after', 'follow'],
    headers: ['Last-Event-ID'],
    answer: { schema: 'SessionEvent', content: sse },
  },
  {
    ...chatScope('get', '/v1/sessions/{id}/messages', 'listSessionMessages', 'Questions and answers, oldest first'),
    query: page,
  },
  {
    ...chatScope(
      'get',
      '/v1/sessions/{id}/graph',
      'getSessionGraph',
      'A turn’s plan as a Mermaid flowchart, each step with its state',
    ),
    query: ['turn'],
    answer: { content: 'text/vnd.mermaid' },
  },
  {
    ...chatScope(
      'get',
      '/v1/sessions/{id}/export',
      'exportSession',
      'A session as a document: json, md or pdf; a very long one says that it is cut',
    ),
    query: ['format'],
  },
  { ...chatScope('post', '/v1/sessions/{id}/cancel', 'cancelSession', 'Cancels what runs'), answer: { schema: 'SessionView' } },
  {
    ...chatScope('post', '/v1/sessions/{id}/pause', 'pauseSession', 'Begins nothing new; what runs runs on'),
    answer: { schema: 'SessionView' },
  },
  { ...chatScope('post', '/v1/sessions/{id}/resume', 'resumeSession', 'Goes on'), answer: { schema: 'SessionView' } },
  {
    ...chatScope(
      'post',
      '/v1/sessions/{id}/fork',
      'forkSession',
      'A new session from a turn of this one, with its finished outputs',
    ),
    headers: ['Idempotency-Key'],
    body: { schema: 'ForkBody' },
    answer: { schema: 'SessionView' },
  },
  {
    ...chatScope('post', '/v1/sessions/{id}/feedback', 'giveFeedback', 'What a reader says of an answer, kept with its evidence'),
    body: { schema: 'FeedbackBody' },
  },
  chatScope('delete', '/v1/sessions/{id}', 'deleteSession', 'Ends what runs and forgets all of it'),
]

const stores = '/v1/vector_stores'
const knowledge: ApiOperation[] = [
  {
    ...chatScope('post', '/v1/files', 'createFile', 'Uploads a file'),
    headers: ['Idempotency-Key'],
    body: { schema: 'UploadFile', content: 'multipart/form-data' },
  },
  { ...chatScope('get', '/v1/files', 'listFiles', 'Uploaded files'), query: [...openAiPage, 'purpose'] },
  chatScope('get', '/v1/files/{id}', 'getFile', 'One file'),
  chatScope('delete', '/v1/files/{id}', 'deleteFile', 'Deletes a file everywhere'),
  {
    ...chatScope('get', '/v1/files/{id}/content', 'getFileContent', 'The bytes of a file'),
    answer: { content: 'application/octet-stream' },
  },
  { ...chatScope('post', stores, 'createVectorStore', 'Makes a vector store'), body: { schema: 'CreateVectorStore' } },
  { ...chatScope('get', stores, 'listVectorStores', 'Vector stores'), query: openAiPage },
  chatScope('get', `${stores}/{id}`, 'getVectorStore', 'One vector store'),
  {
    ...chatScope('post', `${stores}/{id}`, 'updateVectorStore', 'Names a vector store anew'),
    body: { schema: 'UpdateVectorStore' },
  },
  chatScope('delete', `${stores}/{id}`, 'deleteVectorStore', 'Deletes a vector store'),
  { ...chatScope('post', `${stores}/{id}/search`, 'searchVectorStore', 'Finds passages'), body: { schema: 'SearchRequest' } },
  { ...chatScope('post', `${stores}/{id}/files`, 'addFile', 'Adds a file and has it indexed'), body: { schema: 'AddFile' } },
  {
    ...chatScope('get', `${stores}/{id}/files`, 'listVectorStoreFiles', 'Files of a vector store'),
    query: [...openAiPage, 'filter'],
  },
  chatScope('get', `${stores}/{id}/files/{file_id}`, 'getVectorStoreFile', 'One file of a vector store'),
  {
    ...chatScope('post', `${stores}/{id}/files/{file_id}`, 'updateVectorStoreFile', 'Attributes of a file'),
    body: { schema: 'UpdateFile' },
  },
  chatScope('delete', `${stores}/{id}/files/{file_id}`, 'removeFile', 'Takes a file out of a vector store'),
  chatScope('get', `${stores}/{id}/files/{file_id}/content`, 'getVectorStoreFileContent', 'The text search sees'),
  {
    ...chatScope('post', `${stores}/{id}/file_batches`, 'createFileBatch', 'Adds many files'),
    body: { schema: 'CreateFileBatch' },
  },
  chatScope('get', `${stores}/{id}/file_batches/{batch_id}`, 'getFileBatch', 'One batch'),
  {
    ...chatScope('get', `${stores}/{id}/file_batches/{batch_id}/files`, 'listFileBatchFiles', 'Files of a batch'),
    query: [...openAiPage, 'filter'],
  },
  chatScope('post', `${stores}/{id}/file_batches/{batch_id}/cancel`, 'cancelFileBatch', 'Stops indexing a batch'),
]

const administration: ApiOperation[] = [
  { id: 'listKeys', method: 'get', path: '/v1/keys', summary: 'Keys, newest first', scope: 'admin', query: [...page, 'tenant'] },
  {
    id: 'createKey',
    method: 'post',
    path: '/v1/keys',
    summary: 'Makes a key; it is shown once',
    scope: 'admin',
    body: { schema: 'CreateKey' },
  },
  {
    id: 'listSettings',
    method: 'get',
    path: '/v1/settings',
    summary: 'What may be set while the mesh runs: each value, and whether the database, the environment or the default says it',
    scope: 'admin',
    query: page,
  },
  {
    id: 'putSettings',
    method: 'put',
    path: '/v1/settings',
    summary: 'Sets some settings, all or none; null takes back what was set',
    scope: 'admin',
    body: { schema: 'PutSettings' },
  },
  {
    id: 'listAudit',
    method: 'get',
    path: '/v1/audit',
    summary: 'Who did what to what, and when, oldest first, each line with the hash of the one before',
    scope: 'admin',
    query: page,
  },
  {
    id: 'verifyAudit',
    method: 'get',
    path: '/v1/audit/verify',
    summary: 'Whether nobody changed the audit log',
    scope: 'admin',
  },
  ...webhookOperations,
  {
    id: 'listAgents',
    method: 'get',
    path: '/v1/agents',
    summary: 'Agents, and whether they answer',
    scope: 'admin',
    query: page,
  },
  {
    id: 'registerAgent',
    method: 'post',
    path: '/v1/agents',
    summary: 'Reads the card of a program that runs beside a sidecar of this mesh',
    scope: 'admin',
    body: { schema: 'RegisterAgent' },
  },
  { id: 'removeAgent', method: 'delete', path: '/v1/agents/{id}', summary: 'Plans may no longer use it', scope: 'admin' },
  {
    id: 'checkModels',
    method: 'post',
    path: '/v1/models/check',
    summary: 'Whether providers are reached, their keys valid and their models served, at known prices',
    scope: 'admin',
    body: { schema: 'CheckModels' },
  },
  {
    id: 'getEmbeddingsRebuild',
    method: 'get',
    path: '/v1/embeddings/rebuild',
    summary: 'Which model searches go by, how far a rebuild with another is, or what one would take',
    scope: 'admin',
    answer: { schema: 'EmbeddingsState' },
  },
  {
    id: 'startEmbeddingsRebuild',
    method: 'post',
    path: '/v1/embeddings/rebuild',
    summary: 'Makes all vectors anew with the model that is set up; searches go by the old ones until it is done',
    scope: 'admin',
    answer: { schema: 'EmbeddingsState' },
  },
  {
    id: 'cancelEmbeddingsRebuild',
    method: 'delete',
    path: '/v1/embeddings/rebuild',
    summary: 'Ends a rebuild and deletes what it made',
    scope: 'admin',
    answer: { schema: 'EmbeddingsState' },
  },
  {
    id: 'deleteKey',
    method: 'delete',
    path: '/v1/keys/{id}',
    summary: 'Revokes a key at once',
    scope: 'admin',
    query: ['tenant'],
  },
]

const health: ApiOperation[] = [
  { id: 'livez', method: 'get', path: '/livez', summary: 'The process answers' },
  { id: 'readyz', method: 'get', path: '/readyz', summary: 'Requests can be served' },
  { id: 'healthz', method: 'get', path: '/healthz', summary: 'Every dependency, named' },
  { id: 'metrics', method: 'get', path: '/metrics', summary: 'Prometheus text', answer: { content: 'text/plain' } },
]

export const operations: readonly ApiOperation[] = [
  ...chat,
  ...sessions,
  ...approvalOperations,
  ...knowledge,
  ...administration,
  ...budgetOperations,
  ...usageOperations,
  ...retentionOperations,
  ...health,
]

function chatScope(method: ApiOperation['method'], path: string, ...[id, summary]: [string, string]): ApiOperation {
  return { id, method, path, summary, scope: 'chat' }
}
