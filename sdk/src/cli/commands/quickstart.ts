/** `maas quickstart`: a whole round on this machine: kernels, data, training, registry, service, five predictions. */
import { join } from 'node:path'
import type { Sample } from '@maas/local'
import type { Command } from 'commander'
import { resolveData } from '../data-source.ts'
import { ensureKernels } from '../ensure-kernels.ts'
import { formatPercent, formatSeconds } from '../format.ts'
import { CliCommand, integer, rootFlag } from '../options.ts'
import type { Output } from '../output.ts'
import { storeDirectory } from '../target.ts'
import { type TrainOptions, trainAndRegister } from './train.ts'

interface QuickstartOptions {
  readonly root: string
  readonly data?: string
  readonly name: string
  readonly preset: string
  readonly epochs: number
  readonly seed: number
}

/** Sends the images to the service the way any client would, and shows what came back. */
const classifyUnseen = async (root: string, name: string, samples: readonly Sample[], output: Output) => {
  const { startService } = await import('@maas/local')
  const { loadModel } = await import('../../index.ts')
  const service = await startService({ root: storeDirectory(root), port: 0, host: '127.0.0.1', verbose: false })
  try {
    const model = await loadModel(`${name}@production`, { url: service.url })
    const results = await model.classify(samples.map(({ image }) => image))
    const rows = samples.map(({ source, label }, i) => {
      const best = results[i]?.[0]
      return { image: source, expected: label, predicted: best?.label ?? '', probability: best?.probability ?? 0 }
    })
    output.data({ event: 'predictions', url: service.url, rows })
    output.line(`\n${rows.length} images the model has never seen, classified by ${service.url}:`)
    output.table(
      ['image', 'is', 'predicted', 'probability', ''],
      rows.map((row) => [
        row.image,
        row.expected,
        row.predicted,
        formatPercent(row.probability),
        row.expected === row.predicted ? 'right' : 'wrong',
      ]),
    )
  } finally {
    await service.close()
  }
}

const printNext = (name: string, report: string, options: QuickstartOptions, output: Output): void => {
  const root = rootFlag(options.root)
  output.line(`\nThe report, with curves and mistakes as pictures:\n  ${report}`)
  output.line('\nWhat to type next:')
  output.line(`  npx maas serve${root}`)
  output.line(`  npx maas models${root}`)
  output.line(`  npx maas export ${name}@production model.h5${root}     # opens in Python Keras`)
  output.line('  npx maas train --help                         # your own images or table')
}

export const quickstartCommand = (output: Output): Command =>
  new CliCommand('quickstart')
    .description('train, register, serve and call a model, start to end')
    .option(
      '--data <source>',
      '"cifar10" downloads the original, or the path of your own images (default: generated shapes)',
    )
    .option('--name <model>', 'model to register', 'quickstart')
    .option('--preset <preset>', 'network to train', 'cifar10-cnn')
    .option('--epochs <n>', 'passes over the training data', integer(1, 10_000), 6)
    .option('--seed <n>', 'seed of everything random', integer(0, 2_147_483_647), 1)
    .addLocalOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npm run quickstart
  $ npx maas quickstart --data cifar10 --epochs 10
  $ npx maas quickstart --data ./my-images.zip --name mine`,
    )
    .action(async (options: QuickstartOptions) => {
      const begun = Date.now()
      await ensureKernels(output)
      const path = await resolveData(options.data, options.root, output)
      const { epochs, name, preset, root, seed } = options
      const train: TrainOptions = { root, data: path, name, preset, epochs, seed, alias: 'production' }
      const { manifest, directory } = await trainAndRegister(train, output)
      output.data({ event: 'registered', name, version: manifest.version, metrics: manifest.metrics })
      output.line(`\nRegistered ${name}:${manifest.version}; ${name}@production points at it.`)
      const { unseenImages } = await import('@maas/local')
      const samples = await unseenImages(directory, 5)
      if (samples.length > 0) await classifyUnseen(root, name, samples, output)
      printNext(name, join(directory, 'model', 'report.html'), options, output)
      output.line(`\nDone in ${formatSeconds((Date.now() - begun) / 1000)}.`)
    })
