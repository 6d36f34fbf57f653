/** Ours: `maas transform` as a user runs it, under a new name each time, so that nothing is gone on with. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../run-program.ts'
import { serve } from '../node/protocol.mjs'
import { benchKernels, versionsOf } from './model.ts'

const maas = fileURLToPath(new URL('../../../sdk/bin/maas.mjs', import.meta.url))
let runs = 0

async function transform({
  path,
  folder,
  root,
}: {
  readonly path: string
  readonly folder: string
  readonly root: string
}) {
  const output = join(folder, 'ours.jsonl')
  const options = ['--model', 'bench', '--input', path, '--output', output, '--root', root]
  const said = await run(process.execPath, [maas, 'transform', ...options, '--name', `bench-${++runs}`, '--json'])
  const { inputs, failed, seconds } = JSON.parse(said) as { inputs: number; failed: number; seconds: number }
  if (failed > 0) throw new Error(`${failed} of ${inputs} pictures failed`)
  const lines = (await readFile(output, 'utf8'))
    .split('\n', 20)
    .map((line) => JSON.parse(line) as { prediction: number[] })
  return { images: inputs, seconds, outputs: lines.flatMap(({ prediction }) => prediction) }
}

await serve(versionsOf(await benchKernels()), { transform })
