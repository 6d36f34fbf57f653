/** `maas evaluate`: measures a registered version on data. */
import { resolve } from 'node:path'
import type { DataPart } from '@maas/core/data'
import type { Evaluation } from '@maas/core/contract'
import { Command, Option } from 'commander'
import { formatNumber, formatPercent } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { loadVersion } from '../load-version.ts'
import { integer, jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'
import { UsageError } from '../usage.ts'

interface EvaluateOptions {
  readonly root: string
  readonly data: string
  readonly split: 'train' | 'validation' | 'test' | 'all'
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

const evaluateVersion = async (reference: string, options: EvaluateOptions, output: Output): Promise<Evaluation> => {
  const { readDataSet } = await import('@maas/core/data')
  const { evaluate } = await import('@maas/core/evaluate')
  const { manifest, kernels, predictor } = await loadVersion(reference, options.root)
  const bar = createBar(output)
  try {
    const { preprocess, labels } = predictor.model
    const data = await interruptible(
      (signal) =>
        readDataSet(
          { train: resolve(options.data) },
          {
            validationSplit: 0,
            testSplit: 0,
            seed: manifest.lineage.seed ?? 1,
            maxBadFiles: options.maxBadFiles,
            ...(options.target === undefined ? {} : { target: options.target }),
            fitted: { preprocess, labels },
            onProgress: (done, total) => bar.show('data', done, total ?? done, `${done} examples`),
            signal,
          },
          { kernels },
        ),
      () => output.note('Stopping…'),
    )
    bar.clear()
    const part = partOf(options.split, data)
    return await evaluate(
      { part, split: options.split, task: data.task, labels: data.labels, ...targetUnit(preprocess) },
      async ({ features, rows, rowShape }) => {
        const input = { dtype: 'float32' as const, shape: [rows, ...rowShape], data: scaled(features, preprocess) }
        const [name = ''] = predictor.model.signature.inputs.map((spec) => spec.name)
        const { outputs } = await predictor.predict({ kind: 'tensors', tensors: { [name]: input } })
        return Object.values(outputs)[0]?.data as Float32Array
      },
    )
  } finally {
    bar.clear()
    predictor.dispose()
  }
}
