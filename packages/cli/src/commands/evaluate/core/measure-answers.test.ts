import { describe, expect, it } from '@jest/globals'
import { type JudgedAnswer, measureAnswers } from './measure-answers.ts'

const relevant = { isRelevant: true, isVerbatim: true }
const wrong = { isRelevant: false, isVerbatim: true }
const invented = { isRelevant: true, isVerbatim: false }
const answered = (...citations: JudgedAnswer['citations']): JudgedAnswer => ({
  isAnswerable: true,
  outcome: 'answered',
  citations,
})
const refused: JudgedAnswer = { isAnswerable: true, outcome: 'refused', citations: [] }
const failed: JudgedAnswer = { isAnswerable: true, outcome: 'failed', citations: [] }
const unanswerable = (outcome: JudgedAnswer['outcome']): JudgedAnswer => ({ isAnswerable: false, outcome, citations: [] })

describe('answers', () => {
  it('are told by the share of right citations, and of quotes that stand there, in each answer that cites', () => {
    const measured = measureAnswers([answered(relevant, wrong), answered(relevant, relevant, invented), refused])
    expect(measured.get('citation_precision')).toEqual([1 / 2, 1])
    expect(measured.get('quotes_verbatim')).toEqual([1, 2 / 3])
  })

  it('are right where an answerable question is answered and an unanswerable one refused', () => {
    const measured = measureAnswers([answered(relevant), refused, unanswerable('refused'), unanswerable('answered')])
    expect(measured.get('answered')).toEqual([1, 0])
    expect(measured.get('refused')).toEqual([1, 0])
    expect(measured.get('abstention')).toEqual([1, 0, 1, 0])
  })

  it('count a failure as neither answer nor refusal', () => {
    const measured = measureAnswers([failed, unanswerable('failed')])
    expect(measured.get('answered')).toEqual([0])
    expect(measured.get('refused')).toEqual([0])
    expect(measured.get('abstention')).toEqual([0, 0])
  })

  it('leave out what no question can tell', () => {
    expect([...measureAnswers([refused]).keys()]).toEqual(['answered', 'abstention'])
    expect(measureAnswers([{ ...unanswerable('answered'), citations: [wrong] }]).has('citation_precision')).toBe(false)
  })
})
