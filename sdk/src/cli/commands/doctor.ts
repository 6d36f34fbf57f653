/** `maas doctor`: what this machine has, what is missing, and the fix for each finding. */
import type { Command } from 'commander'
import { CliCommand } from '../options.ts'
import type { Output } from '../output.ts'
import { regionOption, useRegion } from './login.ts'

const marks = { ok: 'ok', warn: 'warning', error: 'problem' } as const

export const doctorCommand = (output: Output): Command =>
  new CliCommand('doctor')
    .description('check Node, native kernels, CPU, cache and disk; with --aws, what a deployment needs')
    .option('--aws', 'check credentials, bootstrap, docker and quotas in place of this machine')
    .addOption(regionOption())
    .addLocalOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas doctor
  $ npx maas doctor --aws --region eu-west-1
  $ npx maas doctor --json | jq .findings`,
    )
    .action(async ({ aws, region }: { readonly aws?: boolean; readonly region?: string }) => {
      const report = aws ? await diagnoseAccount(region) : await diagnoseMachine()
      output.data(report)
      output.table(
        ['', 'finding'],
        report.findings.map(({ level, what }) => [marks[level], what]),
      )
      const fixes = report.findings.filter(({ fix }) => fix !== undefined)
      if (fixes.length > 0) output.line('\nWhat to do')
      for (const { fix } of fixes) output.line(`  - ${fix}`)
      if (report.findings.some(({ level }) => level === 'error')) output.markFailed()
    })

const diagnoseMachine = async () => {
  const { diagnose, loadKernels } = await import('@maas/core/kernels')
  return diagnose({ load: () => loadKernels({ announce: () => {} }) })
}

const diagnoseAccount = async (region: string | undefined) => {
  useRegion(region)
  const { preflight } = await import('../aws/preflight.ts')
  return { findings: await preflight() }
}
