import { timingSafeEqual } from 'node:crypto'
import { parseValue, toWeftError, WeftError } from '@weft/contracts'
import { serverSpans, type Telemetry } from '@weft/telemetry'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { z } from 'zod'
import { type HealthCheck, healthRoutes } from './health.ts'

export interface InternalAppOptions {
  telemetry: Telemetry
  /** What the own sidecar sends in `dapr-api-token`; every route but health refuses callers without it. */
  appToken: string
  checks: HealthCheck[]
  /** Mounts the service's own routes. */
  routes(app: Express): void
}

/** Largest JSON body: 16 MiB, the sidecars' own limit (`max-body-size` of the supervisor, dapr.yaml and the manifests). */
const bodyBytesMax = 16_777_216

/** The listener only the own sidecar talks to: health, then the token check, then the service's routes. */
export function createInternalApp(options: InternalAppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(healthRoutes(options.checks, options.telemetry))
  app.use(requireToken(options.appToken))
  app.use(serverSpans({ trustBaggage: true }))
  app.use(
    express.json({
      limit: bodyBytesMax,
      strict: false,
      type: ['application/json', 'application/cloudevents+json'],
    }),
  )
  options.routes(app)
  app.use((request, response) => {
    const problem = new WeftError('not_found', `no internal route ${request.method} ${request.path}`).toProblem()
    response.status(404).json({ ok: false, problem })
  })
  app.use(answerProblem)
  return app
}

/**
 * A handler that parses the body, answers `{ok: true, value}`, and turns whatever is thrown into `{ok: false, problem}`; always 200. `caller` aborts when who
 * asked has left.
 */
export function handle<T extends z.ZodType>(
  schema: T,
  act: (input: z.infer<T>, caller: AbortSignal) => Promise<unknown>,
): RequestHandler {
  return async (request, response) => {
    const caller = new AbortController()
    response.once('close', () => caller.abort())
    try {
      const value = await act(parseValue(schema, request.body, 'the request'), caller.signal)
      response.json({ ok: true, value: value ?? null })
    } catch (thrown) {
      response.json({ ok: false, problem: toWeftError(thrown).toProblem() })
    }
  }
}

function requireToken(appToken: string): RequestHandler {
  const expected = Buffer.from(appToken)
  return (request, response, next) => {
    const given = Buffer.from(request.get('dapr-api-token') ?? '')
    if (given.length === expected.length && timingSafeEqual(given, expected)) {
      next()
      return
    }
    const problem = new WeftError('permission_denied', 'only the own sidecar may call this listener').toProblem()
    response.status(403).json({ ok: false, problem })
  }
}

// biome-ignore lint/complexity/useMaxParams: Express tells an error handler by its four parameters
const answerProblem: ErrorRequestHandler = (thrown, _request, response, next) => {
  if (response.headersSent) {
    next(thrown)
    return
  }
  response.status(200).json({ ok: false, problem: bodyProblem(thrown).toProblem() })
}

function bodyProblem(thrown: unknown): WeftError {
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : undefined
  if (status === 413) return new WeftError('payload_too_large', 'the internal request body is too large', { cause: thrown })
  if (status === 400) return new WeftError('invalid_request', 'the internal request body is not valid JSON', { cause: thrown })
  return toWeftError(thrown)
}
