/** `maas evaluate`: measures a registered version on data. */
import { resolve } from 'node:path'
import type { Evaluation, Preprocess } from '@maas/core/contract'
import type { pixelsToFloat as convertPixels } from '@maas/core/data'
import { type Command, Option } from 'commander'
import { formatNumber, formatPercent } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { loadVersion } from '../load-version.ts'
import { CliCommand, integer } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'

type PixelsToFloat = typeof convertPixels

interface EvaluateOptions {
  readonly root: string
  readonly data: string
  readonly split?: 'train' | 'validation' | 'test'
  readonly target?: string
  readonly output?: string
  readonly maxBadFiles: number
}

const print = (evaluation: Evaluation, output: Output): void => {
  if (evaluation.task === 'regression') {
    const { examples, mae, mse, r2 } = evaluation
    output.table(['examples', 'MSE', 'MAE', 'R2'], [[String(examples), ...[mse, mae, r2].map(formatNumber)]])
    return
  }
  const top = Object.entries(evaluation.topK).map(([k, share]) => `top-${k} ${formatPercent(share)}`)
  output.line(`${evaluation.examples} examples  loss ${evaluation.loss.toFixed(4)}  ${top.join('  ')}`)
  output.table(
    ['class', 'examples', 'precision', 'recall', 'F1'],
    evaluation.perClass.map(({ label, support, precision, recall, f1 }) => [
      label,
      String(support),
      ...[precision, recall, f1].map((share) => share.toFixed(3)),
    ]),
  )
}

/** What the model takes: pixels become numbers by the stored spec, everything else comes encoded. */
const toInput = (
  features: Uint8Array | Float32Array,
  preprocess: Preprocess,
  pixelsToFloat: PixelsToFloat,
): Float32Array =>
  features instanceof Float32Array
    ? features
    : preprocess.kind === 'image'
      ? pixelsToFloat(features, preprocess)
      : Float32Array.from(features)

const evaluateVersion = async (reference: string, options: EvaluateOptions, output: Output): Promise<Evaluation> => {
  const { pixelsToFloat, readForModel } = await import('@maas/core/data')
  const { evaluate } = await import('@maas/core/evaluate')
  const { kernels, predictor } = await loadVersion(reference, options.root)
  const { preprocess, labels, signature } = predictor.model
  const bar = createBar(output)
  try {
    const data = await interruptible(
      (signal) =>
        readForModel(
          { train: resolve(options.data) },
          { preprocess, labels },
          {
            validationSplit: 0,
            testSplit: 0,
            seed: 1,
            maxBadFiles: options.maxBadFiles,
            target: options.target,
            onProgress: (done, total) => bar.show('data', done, total ?? done, `${done} examples`),
            signal,
          },
          { kernels },
        ),
      () => output.note('Stopping…'),
    ).finally(() => bar.clear())
    const split = options.split ?? (data.test.examples > 0 ? 'test' : 'train')
    const target = preprocess.kind === 'tabular' ? preprocess.target : undefined
    return await evaluate(
      { part: data[split], split, task: data.task, labels: data.labels, ...(target && { target }) },
      async ({ features, rows, rowShape }) => {
        const data = toInput(features, preprocess, pixelsToFloat)
        const tensors = {
          [signature.inputs[0]?.name ?? '']: { dtype: 'float32' as const, shape: [rows, ...rowShape], data },
        }
        const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
        return Object.values(outputs)[0]?.data as Float32Array
      },
    )
  } finally {
    predictor.dispose()
  }
}

export const evaluateCommand = (output: Output): Command =>
  new CliCommand('evaluate')
    .description('measure a registered version on data it may never have seen')
    .argument('<model>', 'name, name@alias or name:version')
    .requiredOption('--data <path>', 'the same kinds as for train')
    .addOption(
      new Option('--split <part>', 'part to measure on (default: test where the data has one, else all of it)').choices(
        ['train', 'validation', 'test'],
      ),
    )
    .option('--target <column>', 'column of a .csv that holds the truth')
    .option('--output <file>', 'also write the evaluation as JSON to this file')
    .option('--max-bad-files <n>', 'unreadable files allowed before giving up', integer(0, 1_000_000), 100)
    .addLocalOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas evaluate cifar10@production --data cifar10.zip
  $ npx maas evaluate iris --data new-flowers.csv --target species --json`,
    )
    .action(async (reference: string, options: EvaluateOptions) => {
      const evaluation = await evaluateVersion(reference, options, output)
      output.data(evaluation)
      print(evaluation, output)
      if (options.output === undefined) return
      const { writeFileAtomically } = await import('@maas/core/formats')
      await writeFileAtomically(options.output, Buffer.from(`${JSON.stringify(evaluation, null, 2)}\n`))
      output.line(`Wrote ${options.output}.`)
    })
