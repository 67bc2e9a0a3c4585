import type { ApiOperation } from './openapi-operation.ts'

/** Makes a function that tells which methods a path has, in capitals: those of every operation whose path it matches. */
export function createMethodsAt(operations: readonly Pick<ApiOperation, 'method' | 'path'>[]): (path: string) => string[] {
  const known = operations.map(({ method, path }) => ({ method: method.toUpperCase(), shape: shapeOf(path) }))
  return (path) => {
    const methods = new Set(known.filter(({ shape }) => shape.test(path)).map(({ method }) => method))
    return [...methods].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  }
}

function shapeOf(path: string): RegExp {
  // Ids of models contain slashes.
  const id = path === '/v1/models/{id}' ? '.+' : '[^/]+'
  const parts = path.split(/\{\w+\}/).map((part) => part.replace(/[.]/g, '\\$&'))
  return new RegExp(`^${parts.join(id)}$`)
}
