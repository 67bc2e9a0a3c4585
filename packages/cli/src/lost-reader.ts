/** `weft ask … | head` ends its reader first; that is no failure. */
export function endQuietlyWithReader(): void {
  process.stdout.once('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** A full disk, or a reader that is gone, costs lines of output, never the mesh. */
export function keepRunningUnheard(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)
}
