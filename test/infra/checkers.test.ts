/** What checkers of other people say about the templates: cdk-nag with our reasons, cfn-lint without errors. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findTools } from '../tools/sets.mjs'
import { acknowledged } from './acknowledged.ts'
import { assemble } from './synth.ts'

let folder = ''
beforeAll(() => {
  folder = assemble()
})

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string
      readonly violatingConstructs: readonly { readonly constructPath: string }[]
    }[]
  }[]
}

describe('cdk-nag', () => {
  it('finds nothing in AwsSolutions and Serverless that we have no reason for, and no reason is stale', () => {
    const report = JSON.parse(readFileSync(join(folder, 'validation-report.json'), 'utf8')) as Report
    expect(report.pluginReports).toHaveLength(2)
    const findings = report.pluginReports
      .flatMap(({ violations }) => violations)
      .flatMap(({ ruleName, violatingConstructs }) =>
        violatingConstructs.map(({ constructPath }) => ({ rule: ruleName, path: constructPath })),
      )
    expect(findings.length).toBeGreaterThan(10)
    const covers = (entry: (typeof acknowledged)[number], finding: (typeof findings)[number]): boolean =>
      entry.rule.test(finding.rule) && entry.path.test(finding.path)
    expect(findings.filter((finding) => !acknowledged.some((entry) => covers(entry, finding)))).toEqual([])
    expect(acknowledged.filter((entry) => !findings.some((finding) => covers(entry, finding)))).toEqual([])
    for (const { reason } of acknowledged) expect(reason.length).toBeGreaterThan(20)
  })
})

const tools = process.env.MAAS_TEST_TOOLS ?? findTools('base')
const cfnLint = tools === undefined ? undefined : join(tools, 'bin', 'cfn-lint')
const missing = cfnLint === undefined || !existsSync(cfnLint)
if (missing && process.env.CI) throw new Error('cfn-lint is not installed: npm test installs it')
if (missing) console.warn('SKIPPED: cfn-lint is not installed; npm test installs it')

describe.skipIf(missing)('cfn-lint', () => {
  const lint = (...files: string[]) =>
    spawnSync(
      cfnLint ?? '',
      ['--regions', 'us-east-1', '--ignore-checks', 'W3005', '--format', 'parseable', '--', ...files],
      {
        encoding: 'utf8',
      },
    )

  it('finds no error in any template', () => {
    const templates = readdirSync(folder).filter((name) => name.endsWith('.template.json'))
    expect(templates).toHaveLength(4)
    const { stdout } = lint(...templates.map((name) => join(folder, name)))
    expect(stdout.split('\n').filter((line) => /:E\d{4}:/.test(line))).toEqual([])
  })
})
