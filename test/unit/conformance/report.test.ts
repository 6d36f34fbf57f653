import { expect, it } from 'vitest'
import { judge, type Report } from '../../conformance/report.ts'

const report = (over: Partial<Report['test_cases']> = {}, failures: Report['failures'] = []): Report => ({
  test_cases: { generated: 5000, unique_failures: 0, ...over },
  operations: { tested: 79, total: 79 },
  failures,
})

it('passes enough cases without a failure', () => {
  expect(judge(report(), [], 5000)).toEqual({
    lines: ['5,000 cases of 79 of 79 operations, 0 failures'],
    passed: true,
  })
})

it('fails too few cases, a failure, and an error that only the log knows', () => {
  expect(judge(report({ generated: 4999 }), [], 5000).passed).toBe(false)
  expect(judge(report({ unique_failures: 1 }, [{ title: 'Server error', count: 1 }]), [], 0)).toMatchObject({
    lines: [expect.any(String), 'failed 1: Server error'],
    passed: false,
  })
  expect(judge(report(), ['TypeError\n at x'], 0)).toMatchObject({
    lines: [expect.any(String), 'the service logged: TypeError'],
    passed: false,
  })
})
