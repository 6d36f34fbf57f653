/** Proves that the import fences of docs/fences.ts bite: each forbidden import is refused, each allowed one passes. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coreImports, deployables } from '../../docs/fences.ts'

const forbidden: readonly (readonly [folder: string, specifier: string])[] = [
  ['layers/core/store', '../registry/index.ts'],
  ['layers/core/contract', '../store/index.ts'],
  ['layers/core/registry', '../predict/index.ts'],
  ['layers/core/data', '../formats/index.ts'],
  ['layers/core/train', '../predict/index.ts'],
  ['layers/core/predict', '../train/index.ts'],
  ['layers/core/keys', '../registry/index.ts'],
  ['layers/core/telemetry', '../contract/index.ts'],
  ['layers/core/imports', '../formats/index.ts'],
  ['layers/core/certificate', '../registry/index.ts'],
  ['layers/core/predictions', '@maas/core/predict'],
  ['layers/core/transform', '../train/index.ts'],
  ['layers/core/html', '../store/index.ts'],
  ['layers/core/http', '../keys/index.ts'],
  ['layers/core/store', '@maas/core/transform'],
  ['layers/core/formats/keras', '../../predictions/index.ts'],
  ['layers/core/predict', '@tensorflow/tfjs-node'],
  ['layers/core/predict', '@maas/local'],
  ['functions/api', '@maas/predict'],
  ['functions/predict', '../train/task.ts'],
  ['functions/authorizer', '../api/index.ts'],
  ['functions/api', '@maas/local'],
  ['functions/predict', 'aws-cdk-lib'],
  ['infra/stacks', '@maas/core/registry'],
  ['sdk/src', '../../test/support/moto.ts'],
]

const allowed: readonly (readonly [folder: string, specifier: string])[] = [
  ['layers/core/registry', '../store/index.ts'],
  ['layers/core/predict', '../registry/index.ts'],
  ['layers/core/train', '../graph/index.ts'],
  ['layers/core/keys', '@maas/core/http'],
  ['layers/core/imports', '../registry/index.ts'],
  ['layers/core/transform', '../predict/index.ts'],
  ['functions/local', '@maas/predict'],
  ['functions/train', '@maas/core/train'],
  ['infra/stacks', '@maas/core/contract'],
]

/** Where the sample for one import lies, inside a copy of the layout that holds nothing else. */
const fileOf = (folder: string, specifier: string): string =>
  `${folder}/${Buffer.from(specifier).toString('hex').slice(0, 40)}.ts`

let root: string
let refused: ReadonlySet<string>

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'fences-')))
  for (const file of ['biome.json', 'biome.fences.json']) cpSync(file, join(root, file))
  for (const [folder, specifier] of [...forbidden, ...allowed]) {
    const file = join(root, fileOf(folder, specifier))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `import { x } from '${specifier}'\n\nexport const y = x\n`)
  }
  const biome = join(process.cwd(), 'node_modules', '.bin', 'biome')
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.']
  const run = spawnSync(biome, args, { cwd: root, encoding: 'utf8' })
  const lines = run.stdout.split('\n').filter((line) => line.includes('noRestrictedImports'))
  refused = new Set(lines.map((line) => relative(root, resolve(root, /file=([^,]+)/.exec(line)?.[1] ?? line))))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

const folders = (parent: string): readonly string[] =>
  readdirSync(parent, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name) ? [entry.name] : [],
  )

describe('import fences', () => {
  it('know every folder of core and every function', () => {
    expect(Object.keys(coreImports).sort()).toEqual(folders('layers/core').toSorted())
    expect([...deployables, 'local'].sort()).toEqual(folders('functions').toSorted())
  })

  it.each(forbidden)('refuse %s importing %s', (folder, specifier) => {
    expect(refused).toContain(fileOf(folder, specifier))
  })

  it.each(allowed)('allow %s importing %s', (folder, specifier) => {
    expect(refused).not.toContain(fileOf(folder, specifier))
  })
})
