import { errorMessage } from './error-message.ts'
import type { z } from 'zod'
import { WeftError } from './problem.ts'
import { startOfText } from './start-of-text.ts'

/** Parses JSON text against a schema. Throws `invalid_request` naming the first field that is wrong, with `what` as the subject. */
export function parseJson<T extends z.ZodType>(schema: T, text: string, what: string): z.infer<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new WeftError('invalid_request', `${what} is not valid JSON: ${errorMessage(cause)}`, { cause })
  }
  return parseValue(schema, value, what)
}

/** Parses a value against a schema. Throws `invalid_request` with `param` as the path of the first field that is wrong. */
export function parseValue<T extends z.ZodType>(schema: T, value: unknown, what: string): z.infer<T> {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  const { param, complaint } = describeFault(parsed.error.issues)
  throw new WeftError(
    'invalid_request',
    `${what}: ${param === '' ? '' : `'${param}' `}${complaint}`,
    param === '' ? {} : { param },
  )
}

/** The path of the first field that is wrong, empty for the value itself, and what is wrong with it. */
export function describeFault(issues: z.core.$ZodIssue[]): { param: string; complaint: string } {
  const { path, complaint } = faultOf(deepestIssue(issues))
  return { param: shortened(path.map(String).join('.')), complaint }
}

/** A path is cut to this, because it may hold a name that the caller made up, of any length. */
const paramCharsMax = 256

function shortened(param: string): string {
  return param.length <= paramCharsMax ? param : `${startOfText(param, paramCharsMax)}…`
}

type Issue = z.core.$ZodIssue

/** The field an issue is about, and what is wrong with it. A missing or unknown field is named itself, where zod names the object around it. */
function faultOf(issue: Issue): { path: PropertyKey[]; complaint: string } {
  const { path, message } = issue
  if (isMissing(issue)) return { path, complaint: 'is missing' }
  if (issue.code === 'unrecognized_keys') return { path: [...path, ...issue.keys.slice(0, 1)], complaint: 'is not known' }
  if (issue.code === 'invalid_key') return { path, complaint: `its name: ${issue.issues[0]?.message ?? message}` }
  return { path, complaint: message }
}

const kindsOfMissing: ReadonlySet<Issue['code']> = new Set(['invalid_type', 'invalid_value', 'invalid_union'])

function isMissing({ code, path, input }: Issue): boolean {
  return input === undefined && path.length > 0 && kindsOfMissing.has(code)
}

/** Of a union, whose own issue says little, the issue of the branch that got furthest into the value. */
function deepestIssue(issues: Issue[]): Issue {
  const [first] = issues
  if (first === undefined) throw new TypeError('a failed parse has at least one issue')
  if (first.code !== 'invalid_union' || first.errors.length === 0) return first
  const branches = first.errors.filter((branch) => branch.length > 0).map(deepestIssue)
  const deepest = branches.toSorted((a, b) => b.path.length - a.path.length)[0]
  return deepest === undefined || deepest.path.length === 0 ? first : { ...deepest, path: [...first.path, ...deepest.path] }
}
