import { setFlagsFromString } from 'node:v8'

/**
 * Lets threads that are started from now on keep to their own limit for what is young. The one this process was started with, for its main thread, would
 * override it: four searches at once need 32 MB there, and reading and embedding threads need a few.
 */
export function limitThreadHeaps(): void {
  setFlagsFromString('--max-semi-space-size=0')
}
