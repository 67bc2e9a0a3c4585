/** The modes a request may name as `weft/<mode>`. `auto` lets the planner choose among the others. */
export const modes = [
  { id: 'auto', description: 'The planner chooses: retrieval where there is knowledge, else direct reasoning' },
  { id: 'direct', description: 'One model answers from the conversation alone' },
  { id: 'search', description: 'Retrieval over the vector stores, then an answer with verified citations' },
  { id: 'compare', description: 'Parallel retrievals for each subject of a comparison, then a cited synthesis' },
] as const

export type Mode = (typeof modes)[number]['id']

/** Whether `weft/<name>` names a mode. */
export function isMode(name: string): name is Mode {
  return modes.some((mode) => mode.id === name)
}
