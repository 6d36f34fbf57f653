/** `maas predict`: one answer on the command line, from a registered model, a model file or a service. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { formatPercent } from '../format.ts'
import { CliCommand, integer, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { UsageError } from '../usage.ts'

interface PredictOptions extends TargetOptions {
  readonly input?: string
  readonly top: number
}

const isImage = (path: string): boolean => /\.(jpe?g|png|webp)$/i.test(path)

const readInstances = async (path: string): Promise<unknown> => {
  const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && 'instances' in value ? value.instances : value
  } catch (error) {
    throw new UsageError('--input', `${path} is not JSON: ${(error as Error).message}`)
  }
}

export const predictCommand = (output: Output): Command =>
  new CliCommand('predict')
    .description('classify images, or predict from numbers in JSON')
    .argument('<model>', 'name, name@alias, name:version, or a file such as model.h5')
    .argument('[images...]', 'JPEG, PNG or WebP files')
    .option('--input <file>', 'JSON: a nested array, or {"instances": …}; - reads standard input')
    .option('--top <n>', 'labels to show for each image', integer(1, 1000), 3)
    .addTargetOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas predict cifar10@production photo.jpg
  $ npx maas predict cifar10 test/*.jpg --top 1 --json
  $ echo '[[5.1, 3.5, 1.4, 0.2]]' | npx maas predict iris --input -
  $ npx maas predict ./model.h5 --input batch.json`,
    )
    .action(async (reference: string, images: readonly string[], options: PredictOptions) => {
      if (images.length > 0 === (options.input !== undefined)) {
        throw new UsageError('predict', 'give either image files or --input FILE')
      }
      const other = images.find((path) => !isImage(path))
      if (options.input !== undefined && isImage(options.input)) {
        const instead = `npx maas predict ${reference} ${options.input}`
        throw new UsageError(
          '--input',
          `${options.input} is a picture and not JSON; give pictures without --input: ${instead}`,
        )
      }
      if (other !== undefined) throw new UsageError(other, 'not a JPEG, PNG or WebP file; numbers go in with --input')
      const { loadModel } = await import('../../index.ts')
      const model = await loadModel(reference, options)
      try {
        if (images.length === 0) {
          const predictions = await model.predict((await readInstances(options.input ?? '-')) as number[][])
          output.data({ predictions })
          output.line(JSON.stringify(predictions))
          return
        }
        const results = await model.classify(images)
        output.data({ results: images.map((image, i) => ({ image, labels: results[i]?.slice(0, options.top) })) })
        output.table(
          ['image', 'label', 'probability'],
          images.flatMap((image, i) =>
            (results[i] ?? [])
              .slice(0, options.top)
              .map(({ label, probability }, rank) => [rank === 0 ? image : '', label, formatPercent(probability)]),
          ),
        )
      } finally {
        await model.dispose()
      }
    })
