import { env } from 'node:process'

/**
 * ONNX Runtime (1.29 and later) keeps an identifier of the machine in the user's caches, and sends it to Microsoft with events and with the path of this program,
 * unless it finds this variable when it is loaded. So this is imported before it, in a thread that shares the environment of its process.
 */
env.ORT_DISABLE_TELEMETRY = '1'
