import { env } from 'node:process'

/**
 * ONNX Runtime (1.29 and later) keeps an identifier of the machine under the user's caches and sends Microsoft events with it and with the path of this
 * program, unless it finds this variable when it is loaded: imported before it, in a thread that shares its process's environment.
 */
env.ORT_DISABLE_TELEMETRY = '1'
