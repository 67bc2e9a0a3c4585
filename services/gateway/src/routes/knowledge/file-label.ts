const labelCharsMax = 512

/**
 * The name under which a file is kept. It is a label to show to people, and nothing is ever opened by it. Folders stay, because they tell one README from another;
 * control characters and leading slashes are removed.
 */
export function fileLabel(filename: string): string {
  const label = filename
    .replace(/\p{Cc}/gu, '')
    .replace(/^[/\\]+/, '')
    .trim()
  return label === '' ? 'unnamed' : label.slice(0, labelCharsMax)
}
