/**
 * Control characters but for tabs and ends of lines, and those that turn the direction of what follows: in a file's name, an agent's words or a
 * model's they would move the cursor, hide what was written before, or have an approver read other arguments than those that are approved.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/g

/** Text that others wrote, as a terminal may show it: what would steer the terminal is spelt out. */
export function showControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
