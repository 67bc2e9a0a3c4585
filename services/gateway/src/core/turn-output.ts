import type { TurnEnd } from './end-in-view.ts'
import type { SearchMade } from './search-made.ts'
import type { TextOutput } from './step-text.ts'

/** What is shown of a turn, in order, until its end. */
export type TurnOutput =
  | { type: 'progress'; line: string }
  | { type: 'search'; search: SearchMade }
  | TextOutput
  | { type: 'end'; end: TurnEnd }
