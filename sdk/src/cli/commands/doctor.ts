/** `maas doctor`: what this machine has, what is missing, and the fix for each finding. */
import { Command } from 'commander'
import { jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'

const marks = { ok: 'ok', warn: 'warning', error: 'problem' } as const

export const doctorCommand = (output: Output): Command =>
  new Command('doctor')
    .description('check Node, native kernels, CPU, cache and disk')
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas doctor
  $ npx maas doctor --json | jq .findings`,
    )
    .action(async () => {
      const { diagnose, loadKernels } = await import('@maas/core/kernels')
      const report = await diagnose({ load: () => loadKernels({ announce: () => {} }) })
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
