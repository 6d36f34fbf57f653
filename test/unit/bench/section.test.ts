import { expect, it } from 'vitest'
import { sectionOf, withSection } from '../../../bench/section.ts'

const page = '# Performance\n\ntext\n\n## One\n\nfirst\n\n## Versions\n\nlast\n'

it('puts a section before the last, and gives it back', () => {
  const put = withSection(page, 'Under load', 'figures')
  expect(put.indexOf('## One')).toBeLessThan(put.indexOf('## Under load'))
  expect(put.indexOf('## Under load')).toBeLessThan(put.indexOf('## Versions'))
  expect(sectionOf(put, 'Under load')).toBe('## Under load\n\nfigures')
})

it('replaces it in its place, dollar signs and all, and touches nothing else', () => {
  const put = withSection(page, 'Under load', 'old')
  expect(withSection(put, 'Under load', 'costs $1 and $&')).toBe(put.replace('old', () => 'costs $1 and $&'))
  expect(sectionOf(page, 'Under load')).toBeUndefined()
})
