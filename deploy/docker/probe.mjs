// Asks a service for /livez or /readyz: node probe.mjs http://127.0.0.1:3100/livez
//
// A service listens on the loopback interface, where only its own container and its sidecar reach it, so whoever runs the container
// asks from inside. The image has neither curl nor wget.
const [, , url = ''] = process.argv
const timeoutMs = 4_000

try {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${(await response.text()).slice(0, 500)}`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
