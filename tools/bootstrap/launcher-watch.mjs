const LOOK_EVERY_MS = 1_000

/**
 * Calls `onGone` once when the npm that started this process is no longer there. npm passes signals only to the shell
 * between it and us, so without this look a stopped or killed `npm start` would leave everything running.
 * Answers a function that ends the watch. A start without npm (as by nohup) may outlive its shell and is not watched.
 */
export function watchLauncher(onGone, { env = process.env, parentId = () => process.ppid, lookEveryMs = LOOK_EVERY_MS } = {}) {
  if (!env.npm_lifecycle_event) return () => {}
  const launcher = parentId()
  const timer = setInterval(() => {
    if (parentId() === launcher) return
    clearInterval(timer)
    onGone()
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}
