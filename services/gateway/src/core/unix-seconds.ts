/** A time as OpenAI's objects have it: whole seconds since 1970. */
export function unixSeconds(time: Date | string): number {
  return Math.floor(new Date(time).getTime() / 1_000)
}
