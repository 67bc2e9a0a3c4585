import { describeFailure } from './bootstrap-error.mjs'

/** Ends this process with what `work` answers, or with one clear message and 1 (130 after an interruption). */
export async function exitWith(work) {
  try {
    process.exitCode = await work()
  } catch (error) {
    const failures = error instanceof AggregateError ? error.errors : [error]
    for (const failure of failures) console.error(describeFailure(failure))
    process.exitCode = error.code === 'INTERRUPTED' ? 130 : 1
  }
}
