import type { KeyScope } from '../core/api-key.ts'
import type { SchemaName } from './openapi-schemas.ts'

export interface ApiOperation {
  id: string
  method: 'get' | 'post' | 'put' | 'delete'
  path: string
  summary: string
  /** What the key must be allowed to do. Without it, the operation takes no key. */
  scope?: KeyScope
  body?: { schema: SchemaName; content?: string }
  query?: string[]
  headers?: string[]
  answer?: { schema?: SchemaName; status?: number; content?: string; description?: string }
}
