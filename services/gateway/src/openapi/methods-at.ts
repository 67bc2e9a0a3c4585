import type { ApiOperation } from './openapi-operation.ts'

/** Which methods a path has, in capitals: those of every operation whose path it fits. Ids of models hold slashes. */
export function createMethodsAt(operations: readonly Pick<ApiOperation, 'method' | 'path'>[]): (path: string) => string[] {
  const known = operations.map(({ method, path }) => ({ method: method.toUpperCase(), shape: shapeOf(path) }))
  return (path) => {
    const methods = new Set(known.filter(({ shape }) => shape.test(path)).map(({ method }) => method))
    return [...methods].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  }
}

function shapeOf(path: string): RegExp {
  const id = path === '/v1/models/{id}' ? '.+' : '[^/]+'
  const parts = path.split(/\{\w+\}/).map((part) => part.replace(/[.]/g, '\\$&'))
  return new RegExp(`^${parts.join(id)}$`)
}
