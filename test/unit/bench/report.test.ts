/** The page the bench writes: ratios that mean the same for rates and times, targets, and what is missing. */
import { expect, it } from 'vitest'
import { type Report, toMarkdown } from '../../../bench/report.ts'
import type { Measured, Row } from '../../../bench/types.ts'

const result = (name: string, value: number): Measured => ({ name, versions: { tool: '1.2' }, value, rounds: [value] })

const page = (...rows: readonly Row[]): string => {
  const machine = { cpu: 'Example', cores: 2, memoryGiB: 8, system: 'linux', node: '20.20.2', load: 0 }
  const part = { name: 'one', title: 'One', method: 'Measured.' }
  const report: Report = { date: '2026-01-01', rounds: 5, quick: false, machine, sections: [{ part, rows }] }
  return toMarkdown(report)
}

it('gives rates and times one direction: above 1 we are ahead', () => {
  const rate: Row = { what: 'rate', unit: 'images/s', results: [result('maas', 4000), result('peer', 2000)] }
  const time: Row = { what: 'time', unit: 'ms', results: [result('maas', 0.5), result('peer', 1)] }
  expect(page(rate)).toContain('| rate, images/s | **4,000** | 2,000 (2.00x) |')
  expect(page(time)).toContain('| time, ms | **0.500** | 1.00 (2.00x) |')
})

it('says of every target whether this run met it', () => {
  const results = [result('maas', 3000), result('near', 2000), result('far', 500)]
  const row: Row = { what: 'rate', unit: 'images/s', results, targets: { near: 2, far: 3, gone: 1 } }
  expect(page(row)).toContain('2x near: missed; 3x far: met; 1x gone |')
})

it('holds our own number against a limit that no peer decides', () => {
  const row = (value: number): Row => ({ what: 'start', unit: 'ms', results: [result('maas', value)], limit: 300 })
  expect(page(row(300))).toContain('| start, ms | **300** | 300 ms: met |')
  expect(page(row(301))).toContain('| start, ms | **301** | 300 ms: missed |')
})

it('leaves no gap unexplained', () => {
  const row: Row = {
    what: 'rate',
    unit: 'ms',
    results: [result('maas', 12.34), { name: 'peer', skipped: 'no network' }],
  }
  const text = page(row)
  expect(text).toContain('| rate, ms | **12.3** | — |')
  expect(text).toContain('- peer: no network')
  expect(text).toContain('- maas: tool 1.2')
})
