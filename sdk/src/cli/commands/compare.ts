/** `maas compare`: versions side by side, so that one can be chosen. */
import type { Command } from 'commander'
import { formatBytes, formatNumber, headlineMetrics } from '../format.ts'
import { loadVersion } from '../load-version.ts'
import { CliCommand, integer } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'

interface CompareOptions {
  readonly root: string
  readonly runs: number
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Median milliseconds of a prediction of one row of zeros, and the bytes that the model holds. */
const measure = async (reference: string, { root, runs }: CompareOptions) => {
  const { sizeOf } = await import('@maas/core/contract')
  const { predictor } = await loadVersion(reference, root)
  try {
    const tensors = Object.fromEntries(
      predictor.model.signature.inputs.map(({ name, dtype, shape }) => {
        const one = shape.map((size) => Math.max(1, size))
        const data = dtype === 'float32' ? new Float32Array(sizeOf(one)) : new Int32Array(sizeOf(one))
        return [name, { dtype, shape: one, data }]
      }),
    )
    const times: number[] = []
    for (let run = 0; run < runs; run++) {
      const { timings } = await predictor.predict({ kind: 'tensors', tensors })
      if (run >= Math.min(10, runs / 2)) times.push(timings.prepare + timings.run)
    }
    return { latencyMs: median(times), memoryBytes: predictor.model.bytes }
  } finally {
    predictor.dispose()
  }
}

export const compareCommand = (output: Output): Command =>
  new CliCommand('compare')
    .description('compare versions by parameters, size, latency, memory, price and accuracy')
    .argument('<models...>', 'names, name@alias or name:version, two or more')
    .option('--runs <n>', 'predictions to time for each', integer(1, 100_000), 100)
    .addLocalOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas compare cifar10:1 cifar10:2
  $ npx maas compare cifar10@production cifar10-regularized --json`,
    )
    .action(async (references: readonly string[], options: CompareOptions) => {
      const { formatReference, parseReference } = await import('@maas/core/contract')
      const { compare } = await import('@maas/core/evaluate')
      const { openLocalRegistry } = await import('../target.ts')
      const registry = await openLocalRegistry(options.root)
      const manifests = await Promise.all(
        references.map(async (reference) => {
          const parsed = parseReference(reference)
          return registry.manifest(parsed.name, await registry.resolve(parsed))
        }),
      )
      const bar = createBar(output)
      let done = 0
      const rows = await compare(manifests, (manifest) => {
        bar.show('measuring', done++, manifests.length, formatReference(manifest))
        return measure(formatReference({ name: manifest.name, version: manifest.version }), options)
      })
      bar.clear()
      output.data({ rows })
      const metrics = headlineMetrics.filter((name) => rows.some((row) => row.metrics[name] !== undefined))
      const cell = (value: number | undefined, format: (value: number) => string): string =>
        value === undefined ? '-' : format(value)
      output.table(
        ['model', 'parameters', 'size', 'latency', 'memory', '$ per million', ...metrics],
        rows.map((row) => [
          row.model,
          cell(row.parameters, (value) => value.toLocaleString('en')),
          formatBytes(row.sizeBytes),
          cell(row.latencyMs, (value) => `${value.toFixed(2)} ms`),
          cell(row.memoryBytes, formatBytes),
          cell(row.pricePerMillion, (value) => value.toFixed(2)),
          ...metrics.map((name) => cell(row.metrics[name], formatNumber)),
        ]),
      )
      output.line('\nLatency: one row, this machine. Price: Lambda at one virtual CPU, one prediction a request.')
    })
