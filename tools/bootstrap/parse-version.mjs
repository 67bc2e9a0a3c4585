/** The first `major.minor[.patch]` in a text as three numbers; undefined where there is none (`edge`, `devel`). */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)
  if (!match) return undefined
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
}

/** True when `text` names a version at or above `minimum`; a pre-release (`1.18.0-rc.3`) comes before its release. */
export function isAtLeast(text, minimum) {
  const found = parseVersion(text)
  const wanted = parseVersion(minimum)
  if (!found || !wanted) return false
  const index = found.findIndex((part, position) => part !== wanted[position])
  return index === -1 ? !/\d+\.\d+(\.\d+)?-[a-z]/i.test(text) : found[index] > wanted[index]
}
