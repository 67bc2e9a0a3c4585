/**
 * Control characters except tabs and ends of lines, and the characters that change the direction of text. In the name of a file, or in what an agent or a model
 * wrote, they could move the cursor, hide what was printed before, or show an approver other arguments than the ones that are approved.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/g

/**
 * Text that others wrote, safe to print on a terminal: whatever would control the terminal is spelt as `\uXXXX`. That is also how JSON spells such characters, so
 * JSON that is printed through this still says the same. Characters that are merely invisible stay, because emoji and scripts like Persian need them;
 * `showHidden` spells out those too, where somebody approves what is shown.
 */
export function showControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
