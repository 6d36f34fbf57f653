/** What checkers of other people say about the templates: cdk-nag and checkov with our reasons, cfn-lint without errors, hadolint; and what synthesis takes. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findTools } from '../tools/sets.mjs'
import { acknowledged } from './acknowledged.ts'
import { skipped } from './skipped.ts'
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

/** The program of a set of tools; where it is missing its tests skip and say why, and in CI they fail. */
const find = (name: string, environment: string | undefined, install: string): string | undefined => {
  const program = environment === undefined ? undefined : join(environment, 'bin', name)
  if (program !== undefined && existsSync(program)) return program
  if (process.env.CI) throw new Error(`${name} is not installed: ${install} installs it`)
  console.warn(`SKIPPED: ${name} is not installed; ${install} installs it`)
  return undefined
}

const templates = (): string[] => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.template.json'))
  expect(names).toHaveLength(4)
  return names.map((name) => join(folder, name))
}

const cfnLint = find('cfn-lint', process.env.MAAS_TEST_TOOLS ?? findTools('base'), 'npm test')
describe.skipIf(cfnLint === undefined)('cfn-lint', () => {
  it('finds no error in any template', () => {
    const options = ['--regions', 'us-east-1', '--ignore-checks', 'W3005', '--format', 'parseable']
    const { stdout } = spawnSync(cfnLint ?? '', [...options, '--', ...templates()], { encoding: 'utf8' })
    expect(stdout.split('\n').filter((line) => /:E\d{4}:/.test(line))).toEqual([])
  })
})

interface Checkov {
  readonly summary: { readonly passed: number; readonly parsing_errors: number }
  readonly results: { readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[] }
}

const checks = findTools('checks')
const checkov = find('checkov', checks, 'npm run test:infra')
describe.skipIf(checkov === undefined)('checkov', () => {
  it('finds nothing that we have no reason for, and no reason is stale', () => {
    const files = templates().flatMap((file) => ['--file', file])
    const options = ['--framework', 'cloudformation', '--output', 'json', '--compact', '--quiet', '--skip-download']
    const { stdout, stderr } = spawnSync(checkov ?? '', [...files, ...options], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    expect(stdout, stderr).toMatch(/^[{[]/)
    const reports = [JSON.parse(stdout) as Checkov | Checkov[]].flat()
    for (const { summary } of reports) expect(summary.parsing_errors).toBe(0)
    expect(reports.reduce((sum, { summary }) => sum + summary.passed, 0)).toBeGreaterThan(100)
    const found = reports.flatMap(({ results }) => results.failed_checks)
    const covers = (skip: (typeof skipped)[number], one: (typeof found)[number]): boolean =>
      skip.check === one.check_id && skip.resource.test(one.resource)
    expect(found.filter((one) => !skipped.some((skip) => covers(skip, one)))).toEqual([])
    expect(skipped.filter((skip) => !found.some((one) => covers(skip, one)))).toEqual([])
  })
})

const hadolint = find('hadolint', checks, 'npm run test:infra')
describe.skipIf(hadolint === undefined)('hadolint', () => {
  const lint = (file: string, input?: string) =>
    spawnSync(hadolint ?? '', ['--no-color', file], { encoding: 'utf8', ...(input !== undefined && { input }) })

  it.each(['predict', 'train'])('has nothing to say about the image of %s', (name) => {
    const { status, stdout, stderr } = lint(`functions/${name}/Dockerfile`)
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  })

  it('would say something', () => {
    expect(lint('-', 'FROM debian\nRUN cd /x && apt-get install y\n').status).toBe(1)
  })
})

describe('synthesis', () => {
  it('takes no docker, no credentials and no network, and less than 15 seconds of a processor', () => {
    const home = mkdtempSync(join(tmpdir(), 'synthesis-'))
    const script = `
      import { createApp, createStacks } from '${resolve('infra/stacks/index.ts')}'
      import { readConfig } from '${resolve('infra/config.ts')}'
      import { placeholders } from '${resolve('test/infra/synth.ts')}'
      createStacks(createApp({ outdir: '${join(home, 'out')}' }), readConfig({}), placeholders()).service.node.root.synth()
      console.log(JSON.stringify(process.resourceUsage()))`
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      // An empty PATH has no docker, a proxy that nobody answers at has no network.
      {
        encoding: 'utf8',
        env: { PATH: '', HOME: home, HTTPS_PROXY: 'http://127.0.0.1:9', AWS_EC2_METADATA_DISABLED: 'true' },
      },
    )
    expect(status, stderr).toBe(0)
    const { userCPUTime, systemCPUTime } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    expect((userCPUTime + systemCPUTime) / 1e6).toBeLessThan(15)
    expect(readdirSync(join(home, 'out')).filter((name) => name.endsWith('.template.json'))).toHaveLength(4)
  })
})
