import { expect, it } from '@jest/globals'
import type { HeadingStep } from '../text/heading.ts'
import { enterHeading } from './heading-trail.ts'

it('names the headings a passage stands under, one that stands below itself once', () => {
  const trail: HeadingStep[] = []
  const entered = [
    { level: 1, title: '8.4. Groups' },
    { level: 2, title: '8.4. Groups' },
    { level: 3, title: 'Files' },
    { level: 2, title: '8.5. Quotas' },
  ].map((heading) => enterHeading(trail, heading))
  expect(entered).toEqual(['8.4. Groups', '8.4. Groups', '8.4. Groups > Files', '8.4. Groups > 8.5. Quotas'])
})
