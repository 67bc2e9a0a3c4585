import { describe, expect, it } from '@jest/globals'
import { seededRandom } from './draw-sample.ts'
import { createLearnedQuality, type PromptFacts } from './learned-quality.ts'
import { featuresOfPrompt } from './prompt-features.ts'
import { createQualityPrice } from './quality-price.ts'
import { type RouteCandidate, type RouteLimits, rankModels } from './rank-models.ts'

const cheap: RouteCandidate = { model: 'acme/small', expectedUsd: 0.001, worstUsd: 0.002, firstTokenMs: 900 }
const dear: RouteCandidate = { model: 'acme/large', expectedUsd: 0.01, worstUsd: 0.05, firstTokenMs: 200 }
const promptOf = (text: string): PromptFacts => ({ taskClass: 'question', features: featuresOfPrompt(text) })
const easy = promptOf('What is the capital of France?')

function bench(limits: RouteLimits = {}, minQuality = 0.95) {
  const learned = createLearnedQuality()
  const price = createQualityPrice(minQuality)
  const random = seededRandom(7)
  const rank = (prompt = easy, candidates = [dear, cheap]) => rankModels(candidates, { prompt, limits, learned, price, random })
  return { learned, price, rank }
}

describe('the models for a request', () => {
  it('begin with the cheapest while nothing has been learned', () => {
    const { rank } = bench()
    for (let time = 0; time < 20; time++) expect(rank().ranked.map(({ model }) => model)).toEqual(['acme/small', 'acme/large'])
    expect(rank().hasLearned).toBe(false)
  })

  it.each([
    ['cost', { maxCostUsd: 0.01 }, 'acme/large'],
    ['latency', { maxFirstTokenMs: 500 }, 'acme/small'],
  ])('leave out one whose %s is above the limit, and say why', (code, limits, model) => {
    const { ranked, excluded } = bench(limits).rank()
    expect(excluded).toEqual([{ model, code, why: expect.stringContaining(model) }])
    expect(ranked).toHaveLength(1)
  })

  it('leave out one whose breaker is open', () => {
    const { ranked, excluded } = bench().rank(easy, [{ ...cheap, breaker: 'open' }, dear])
    expect(ranked.map(({ model }) => model)).toEqual(['acme/large'])
    expect(excluded).toMatchObject([{ model: 'acme/small', code: 'breaker_open' }])
  })

  it('begin with the dear one once the cheap one has mostly failed, and with the cheap one once it does as well', () => {
    const { learned, rank } = bench()
    const learn = (model: string, reward: number) => learned.learn({ model, ...easy, reward })
    for (let n = 0; n < 30; n++) {
      learn('acme/small', 0)
      learn('acme/large', 1)
    }
    expect(rank().ranked[0]?.model).toBe('acme/large')
    for (let n = 0; n < 1_000; n++) learn('acme/small', 1)
    expect(rank().ranked[0]?.model).toBe('acme/small')
  })

  it('differ from prompt to prompt of one class, by what prompts of their look came to', () => {
    const { learned, rank } = bench()
    const hard = promptOf(
      `If each of 17 trains, 23 buses and 9 boats carries 12.5% more than half of 480 people, ${'and so on, '.repeat(30)}how many?`,
    )
    for (let n = 0; n < 200; n++) {
      learned.learn({ model: 'acme/small', ...easy, reward: 1 })
      learned.learn({ model: 'acme/small', ...hard, reward: 0 })
      learned.learn({ model: 'acme/large', ...easy, reward: 1 })
      learned.learn({ model: 'acme/large', ...hard, reward: 1 })
    }
    expect(rank(easy).ranked[0]?.model).toBe('acme/small')
    expect(rank(hard).ranked[0]?.model).toBe('acme/large')
  })

  it('are doubted where they are cheaper on longer sums, and on those with shares, conditions and comparisons, until outcomes tell', () => {
    const { learned, rank } = bench()
    const sum = (text: string): PromptFacts => ({ taskClass: 'mathematics', features: featuresOfPrompt(text) })
    const plain = sum('Ann has 5 pens and buys 7 pens and 9 pens and 3 pens. How many pens has she got now?')
    const related = sum('Ann has 5 pens. If Bob has twice as many, and Cy half of that, how many have they got?')
    const longer = sum('Ann walks to the shop in the morning and buys what her mother has asked her for. '.repeat(8))
    const assumedOf = (prompt: PromptFacts, model = 'acme/small') =>
      rank(prompt).ranked.find((candidate) => candidate.model === model)?.assumed ?? Number.NaN
    expect(assumedOf(related)).toBeLessThan(0)
    expect(assumedOf(plain)).toBeGreaterThan(0)
    expect(assumedOf(longer)).toBeLessThan(assumedOf(plain))
    expect(assumedOf(related, 'acme/large')).toBe(0)
    expect(assumedOf({ ...related, taskClass: 'question' })).toBe(0)
    const before = assumedOf(related)
    for (let n = 0; n < 1_200; n++) learned.learn({ model: 'acme/small', ...related, reward: 1 })
    expect(assumedOf(related)).toBeCloseTo(before / 4)
  })

  it('are assumed to differ by less than half the quality, however short or long a sum is', () => {
    for (const text of ['1+1', `If half of them are twice as many, how many are there? ${'And so on. '.repeat(2_000)}`]) {
      const prompt: PromptFacts = { taskClass: 'mathematics', features: featuresOfPrompt(text) }
      for (const { assumed, expectedQuality } of bench().rank(prompt).ranked) {
        expect(Math.abs(assumed)).toBeLessThan(0.5)
        expect(expectedQuality).toBe(Math.min(1, Math.max(0, expectedQuality)))
      }
    }
  })

  it('are not drawn by chance from answers that nobody judges', () => {
    const { learned, rank } = bench()
    learned.learn({ model: 'acme/small', ...easy, reward: 1 })
    for (let n = 0; n < 30; n++) {
      learned.noteChoice('acme/small', 'question')
      learned.noteChoice('acme/large', 'question')
    }
    for (const { sample, expectedQuality } of rank().ranked) expect(sample).toBe(expectedQuality)
  })

  it('are the same for the same outcomes and the same chance', () => {
    const once = () => {
      const { learned, rank } = bench()
      for (let n = 0; n < 30; n++) learned.learn({ model: n % 2 ? 'acme/small' : 'acme/large', ...easy, reward: n % 3 ? 1 : 0 })
      return rank().ranked
    }
    expect(once()).toEqual(once())
  })
})

describe('the price of quality', () => {
  it('falls while answers stay below the wanted share, and rises while they are above it', () => {
    const price = createQualityPrice(0.95)
    const start = price.points()
    for (let n = 0; n < 10; n++) price.noteOutcome({ reward: 0, expected: 0.5, bestExpected: 0.9 })
    const lower = price.points()
    expect(lower).toBeLessThan(start)
    for (let n = 0; n < 200; n++) price.noteOutcome({ reward: 1, expected: 0.9, bestExpected: 0.9 })
    expect(price.points()).toBeGreaterThan(lower)
  })

  it('brings the wanted share of quality for less than the dear model costs', () => {
    const { learned, price, rank } = bench()
    const random = seededRandom(3)
    let [right, usd] = [0, 0]
    const rounds = 1_500
    for (let n = 0; n < rounds; n++) {
      const { ranked } = rank()
      const [chosen] = ranked
      const reward = random() < (chosen?.model === 'acme/large' ? 0.9 : 0.6) ? 1 : 0
      price.noteCost(dear.expectedUsd)
      price.noteOutcome({
        reward,
        expected: chosen?.expectedQuality ?? 0,
        bestExpected: Math.max(...ranked.map(({ expectedQuality }) => expectedQuality)),
      })
      learned.learn({ model: chosen?.model ?? '', ...easy, reward })
      right += reward
      usd += chosen?.expectedUsd ?? 0
    }
    expect(right / rounds / 0.9).toBeGreaterThan(0.93)
    expect(usd / rounds / dear.expectedUsd).toBeLessThan(0.95)
  })
})

describe('what is learned', () => {
  it('forgets outcomes older than the last it keeps', () => {
    const learned = createLearnedQuality({ memory: 50 })
    const learn = (reward: number) => learned.learn({ model: 'acme/small', ...easy, reward })
    for (let n = 0; n < 100; n++) learn(0)
    for (let n = 0; n < 150; n++) learn(1)
    expect(learned.believe('acme/small', easy, seededRandom(1)).classQuality).toBeGreaterThan(0.9)
  })

  it('tells how long answers of a class are', () => {
    const learned = createLearnedQuality()
    expect(learned.expectedOutputTokens('acme/small', 'question')).toBe(400)
    for (let n = 0; n < 300; n++) learned.learn({ model: 'acme/small', ...easy, reward: 1, outputTokens: 20 })
    expect(learned.expectedOutputTokens('acme/small', 'question')).toBeLessThan(25)
  })
})
