/** `maas export`: a registered version as a file for other tools. */
import { Command, Option } from 'commander'
import { formatBytes } from '../format.ts'
import { jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry } from '../target.ts'

interface ExportOptions {
  readonly root: string
  readonly format: 'h5'
}

export const exportCommand = (output: Output): Command =>
  new Command('export')
    .description('write a registered version as a Keras file')
    .argument('<model>', 'name, name@alias or name:version')
    .argument('[file]', 'where to write it (default: NAME.h5)')
    .addOption(new Option('--format <format>', 'file format').choices(['h5']).default('h5'))
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas export cifar10@production model.h5
  $ python3 -c "import keras; keras.models.load_model('model.h5').summary()"`,
    )
    .action(async (reference: string, file: string | undefined, { root, format }: ExportOptions) => {
      const { parseReference } = await import('@maas/core/contract')
      const { artifactFromFiles, requireLayers, writeKerasH5, writeFileAtomically } = await import('@maas/core/formats')
      const registry = await openLocalRegistry(root)
      const parsed = parseReference(reference)
      const manifest = await registry.manifest(parsed.name, await registry.resolve(parsed))
      const paths = manifest.files.map((one) => one.path)
      const artifact = await artifactFromFiles(paths, (stored) => registry.file(manifest, stored))
      const path = file ?? `${parsed.name}.${format}`
      const bytes = await writeKerasH5(requireLayers(artifact, 'written as Keras .h5'))
      await writeFileAtomically(path, bytes)
      output.data({ path, bytes: bytes.byteLength, name: parsed.name, version: manifest.version })
      output.line(`Wrote ${path} (${formatBytes(bytes.byteLength)}), ${parsed.name}:${manifest.version}.`)
    })
