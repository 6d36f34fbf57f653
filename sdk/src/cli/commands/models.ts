/** `maas models`: what is registered, and the story of one model. */
import type { Command } from 'commander'
import { formatNumber, headlineMetrics } from '../format.ts'
import { CliCommand, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { openCatalog } from '../target.ts'
import { UsageError } from '../usage.ts'

const splitText = (targets: readonly { readonly version: number; readonly weight: number }[]): string =>
  targets.length === 1 ? `${targets[0]?.version}` : targets.map((t) => `${t.version} (${t.weight} %)`).join(', ')

const list = async (options: TargetOptions, output: Output): Promise<void> => {
  const models = await (await openCatalog(options)).models()
  output.data({ models })
  if (models.length === 0) {
    output.line('No models yet. Train one: npx maas quickstart, or npx maas train --data PATH --name NAME')
    return
  }
  output.table(
    ['model', 'versions', 'latest', 'aliases'],
    models.map(({ name, versions, aliases }) => [
      name,
      String(versions.length),
      String(Math.max(...versions)),
      Object.entries(aliases)
        .map(([alias, targets]) => `${alias} → ${splitText(targets)}`)
        .join(', '),
    ]),
  )
}

const show = async (name: string, options: TargetOptions, output: Output): Promise<void> => {
  const catalog = await openCatalog(options)
  const [versions, aliases] = await Promise.all([catalog.versions(name), catalog.aliases(name)])
  output.data({ name, versions, aliases })
  const pointing = (version: number): string =>
    aliases
      .filter(({ targets }) => targets.some((target) => target.version === version))
      .map(({ alias }) => alias)
      .join(', ')
  const metrics = headlineMetrics.filter((name) => versions.some((version) => version.metrics[name] !== undefined))
  output.table(
    ['version', 'created', 'aliases', ...metrics, 'from'],
    versions.map((version) => [
      String(version.version),
      version.createdAt.slice(0, 16).replace('T', ' '),
      pointing(version.version),
      ...metrics.map((metric) => (version.metrics[metric] === undefined ? '-' : formatNumber(version.metrics[metric]))),
      version.lineage.job ?? version.lineage.file ?? version.lineage.source,
    ]),
  )
}

const remove = async (reference: string, options: TargetOptions, output: Output): Promise<void> => {
  const { parseReference } = await import('@maas/core/contract')
  const { name, version } = parseReference(reference)
  if (version === undefined) throw new UsageError('REFERENCE', `name one version to delete, e.g. ${name}:1`)
  await (await openCatalog(options)).deleteVersion(name, version)
  output.data({ deleted: { name, version } })
  output.line(`Deleted ${name}:${version}.`)
}

export const modelsCommand = (output: Output): Command =>
  new CliCommand('models')
    .description('list models, show one with its versions, or delete a version')
    .argument('[name]', 'model to show')
    .option('--delete <name:version>', 'delete this version; refused while an alias points at it')
    .addTargetOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas models
  $ npx maas models cifar10 --json
  $ npx maas models --delete cifar10:3`,
    )
    .action(async (name: string | undefined, options: TargetOptions & { readonly delete?: string }) => {
      if (options.delete !== undefined) await remove(options.delete, options, output)
      else if (name !== undefined) await show(name, options, output)
      else await list(options, output)
    })
