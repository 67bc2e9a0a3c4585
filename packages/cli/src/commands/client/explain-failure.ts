import { toWeftError } from '@weft/contracts'
import OpenAI from 'openai'
import { CliError, exitCodes } from '../../cli-error.ts'

export function usageError(message: string): CliError {
  return new CliError('wrong_usage', message, { exitCode: exitCodes.wrongUsage })
}

/** Turns an error of a call to the mesh into the line and exit code for the user. */
export function explainFailure(thrown: unknown, meshUrl: string): CliError {
  if (thrown instanceof CliError) return thrown
  if (thrown instanceof OpenAI.APIConnectionError) {
    const message = `Weft does not answer at ${meshUrl}: start it with "npm start", or set WEFT_URL`
    return new CliError('mesh_not_up', message, { exitCode: exitCodes.meshNotUp, isRetryable: true, cause: thrown })
  }
  if (thrown instanceof OpenAI.AuthenticationError) {
    const message = `${serverMessage(thrown)} (WEFT_API_KEY must hold a valid key of the mesh at ${meshUrl})`
    return new CliError('invalid_api_key', message, { cause: thrown })
  }
  if (thrown instanceof OpenAI.APIError) return new CliError(thrown.code ?? 'refused', serverMessage(thrown), { cause: thrown })
  const { code, message } = toWeftError(thrown)
  return new CliError(code, message, { cause: thrown })
}

/** The server's own message, without the status that the client library puts in front of it. */
export function serverMessage(error: InstanceType<typeof OpenAI.APIError>): string {
  const withoutStatus = error.message.replace(/^\d{3} /, '')
  const isServersFault = error.status === undefined || error.status >= 500
  return isServersFault && error.requestID != null ? `${withoutStatus} [request ${error.requestID}]` : withoutStatus
}

const refusalStatuses = new Set([400, 404, 409, 413, 415, 422])

/** Whether the server refused this request for good, so that others may still succeed. */
export function isRefusal(error: unknown): error is InstanceType<typeof OpenAI.APIError> {
  return error instanceof OpenAI.APIError && error.status !== undefined && refusalStatuses.has(error.status)
}
