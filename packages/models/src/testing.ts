export { type AnthropicServerOptions, startAnthropicServer } from './testing/anthropic-server.ts'
export { type OpenAiServerOptions, startOpenAiServer } from './testing/openai-server.ts'
export { type EmbeddingServer, type EmbeddingServerOptions, startEmbeddingServer } from './testing/embedding-server.ts'
export type { ModelServer, Reply, ServedRequest } from './testing/model-server.ts'
