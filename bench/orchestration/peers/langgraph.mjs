// LangGraph JS with its PostgreSQL checkpointer, a checkpoint written before the next step begins (durability "sync").
import { randomUUID } from 'node:crypto'
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import pg from 'pg'
import { doStep, servePeer } from './serve-peer.mjs'

const pool = new pg.Pool({ connectionString: process.argv[2], max: 20 })
const checkpointer = new PostgresSaver(pool)
await checkpointer.setup()

const State = Annotation.Root({
  step: Annotation(),
  done: Annotation({ reducer: (count, more) => count + more, default: () => 0 }),
})
const act = (pick) => async (state) => {
  await doStep(pick(state.step))
  return { done: 1 }
}
const plain = ({ agentUrl }) => ({ agentUrl })

const graphs = new Map()
function chainOf(length) {
  const known = graphs.get(length)
  if (known !== undefined) return known
  const graph = new StateGraph(State)
  for (let n = 0; n < length; n += 1)
    graph
      .addNode(
        `s${n}`,
        act((step) => step),
      )
      .addEdge(n === 0 ? START : `s${n - 1}`, `s${n}`)
  const compiled = graph.addEdge(`s${length - 1}`, END).compile({ checkpointer })
  graphs.set(length, compiled)
  return compiled
}

const fan = new StateGraph(State)
  .addNode('first', act(plain))
  .addNode(
    'middle',
    act((step) => step),
  )
  .addNode('last', act(plain))
  .addEdge(START, 'first')
  .addConditionalEdges('first', ({ step }) => Array.from({ length: step.fanOut }, () => new Send('middle', { step })), ['middle'])
  .addEdge('middle', 'last')
  .addEdge('last', END)
  .compile({ checkpointer })

servePeer(
  async ({ chain = 1, ...step }) => {
    const config = { configurable: { thread_id: randomUUID() }, durability: 'sync', recursionLimit: 100, maxConcurrency: 100 }
    await (step.fanOut > 0 ? fan : chainOf(chain)).invoke({ step }, config)
  },
  { stop: () => pool.end() },
)
