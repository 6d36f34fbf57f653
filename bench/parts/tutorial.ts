/** The worked example as a user runs it: from the zip of pictures to a model that can be loaded. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { python } from '../contenders.ts'
import type { Command } from '../peer.ts'
import { run } from '../run-program.ts'
import type { Bench, Part, Row } from '../types.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const tutorial: Part = {
  name: 'tutorial',
  title: 'The whole tutorial, from zip to model',
  method:
    'Each once, one after the other: 60,000 JPEGs read from one zip, 45,000 trained on for 10 epochs in batches of 32, 5,000 kept for validation after each, the best epoch measured on 10,000 test pictures and saved; ours also checks, registers and writes its report. Process start included.',
  async run(bench) {
    const epochs = bench.quick ? 1 : 10
    const what = `CIFAR-10 CNN, ${epochs} epoch${epochs === 1 ? '' : 's'}`
    if (!existsSync(bench.data)) {
      return [{ what, unit: 's', results: [{ name: 'maas', skipped: 'the archive of pictures is not there' }] }]
    }
    const folder = mkdtempSync(join(tmpdir(), 'maas-tutorial-'))
    try {
      return [await race(bench, what, String(epochs), folder)]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function race(bench: Bench, what: string, epochs: string, folder: string): Promise<Row> {
  const preset = ['--preset', 'cifar10-cnn', '--epochs', epochs, '--seed', '1']
  const train = [
    'train',
    '--data',
    bench.data,
    ...preset,
    '--name',
    'tutorial',
    '--root',
    join(folder, 'maas'),
    '--json',
  ]
  const mine: Command = { program: process.execPath, args: [path('../../sdk/bin/maas.mjs'), ...train] }
  const keras = await python(bench, 'tutorial', [bench.data, epochs, join(folder, 'model.keras')])
  const seconds: number[] = []
  for (const [name, { program, args }] of [
    ['maas', mine],
    ['Python Keras', keras],
  ] as const) {
    bench.progress(`${what}: ${name}`)
    const start = performance.now()
    await run(program, args)
    seconds.push((performance.now() - start) / 1000)
  }
  const [own = 0, theirs = 0] = seconds
  const measured = (name: string, value: number) => ({ name, versions: {}, value, rounds: [value] })
  return {
    what,
    unit: 's',
    results: [measured('maas', own), measured('Python Keras', theirs)],
    targets: { 'Python Keras': 1 },
  }
}
