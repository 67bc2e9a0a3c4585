const REDRAW_MS = 250
const HEARTBEAT_MS = 30_000
/** A note followed sooner by another, or by the end of its step, is not worth a line in a log file. */
const SETTLE_MS = 150

/**
 * One line a step with its elapsed time: redrawn in place on a terminal, written at start, every 30 s and at the end elsewhere.
 * `run(label, work)` calls `work(note)`; `note(text)` says what the step is doing now.
 */
export function createProgress({ stream = process.stderr, now = Date.now } = {}) {
  const steps = []
  const paint = stream.isTTY ? paintInPlace(stream, steps, now) : paintLines(stream, now)
  return {
    async run(label, work) {
      const step = { label, detail: '', state: 'running', startedAt: now(), endedAt: undefined }
      steps.push(step)
      const stop = paint.started(step)
      try {
        const result = await work((text) => paint.noted(step, text))
        step.state = 'done'
        return result
      } catch (error) {
        step.state = error.code === 'INTERRUPTED' ? 'stopped' : 'failed'
        throw error
      } finally {
        step.endedAt = now()
        stop()
        paint.ended(step)
      }
    },
    say: (text) => paint.say(text),
  }
}

/** `12.3 s` below a minute, `3 min 08 s` above. */
export function formatElapsed(elapsedMs) {
  if (elapsedMs < 60_000) return `${(elapsedMs / 1000).toFixed(1)} s`
  const seconds = Math.floor(elapsedMs / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export function formatStep(step, nowMs) {
  const mark = { running: '…', done: '✓', failed: '✗', stopped: '–' }[step.state]
  const elapsed = formatElapsed((step.endedAt ?? nowMs) - step.startedAt)
  return `${mark} ${step.label.padEnd(12)} ${elapsed.padStart(11)}  ${step.detail}`.trimEnd()
}

function paintLines(stream, now) {
  const write = (step) => stream.write(`${formatStep(step, now())}\n`)
  const pending = new Map()
  return {
    started(step) {
      const heartbeat = setInterval(() => write(step), HEARTBEAT_MS)
      return () => {
        clearInterval(heartbeat)
        clearTimeout(pending.get(step))
      }
    },
    noted(step, text) {
      const isNew = kindOf(text) !== kindOf(step.detail)
      step.detail = text
      if (!isNew) return
      clearTimeout(pending.get(step))
      pending.set(
        step,
        setTimeout(() => write(step), SETTLE_MS),
      )
    },
    ended: write,
    say: (text) => stream.write(`${text}\n`),
  }
}

/** Notes that differ only in a counter are one kind: they are not worth a line each in a log file. */
const kindOf = (text) => text.replace(/\d+/g, '#')

function paintInPlace(stream, steps, now) {
  let lineCount = 0
  const clear = () => {
    if (lineCount > 0) stream.write(`\u001b[${lineCount}A\u001b[0J`)
    lineCount = 0
  }
  const draw = () => {
    clear()
    const width = (stream.columns || 80) - 1
    for (const step of steps) stream.write(`${formatStep(step, now()).slice(0, width)}\n`)
    lineCount = steps.length
  }
  return {
    started() {
      draw()
      const timer = setInterval(draw, REDRAW_MS)
      return () => clearInterval(timer)
    },
    noted(step, text) {
      step.detail = text
    },
    ended: draw,
    say(text) {
      clear()
      stream.write(`${text}\n`)
      draw()
    },
  }
}
