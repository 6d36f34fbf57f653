/** `maas export`: a registered version as a file for other tools. */
import { extname } from 'node:path'
import type { ModelFormat } from '@maas/core/formats'
import { Command, Option } from 'commander'
import { formatBytes } from '../format.ts'
import { jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry } from '../target.ts'

interface ExportOptions {
  readonly root: string
  readonly format?: ModelFormat | 'sagemaker'
}

/** Core's table of writers says what each does; its names stand here so that `--help` loads no TensorFlow. */
const formats: readonly ModelFormat[] = ['h5', 'keras']

/** Not a model format: the version's own files, packed for the serving container. */
const packed = 'sagemaker'

const formatOf = (file: string | undefined): ModelFormat | undefined => {
  const extension = extname(file ?? '').slice(1)
  return formats.find((format) => format === extension)
}

export const exportCommand = (output: Output): Command =>
  new Command('export')
    .description('write a registered version as a file for other tools')
    .argument('<model>', 'name, name@alias or name:version')
    .argument('[file]', 'where to write it (default: NAME with the format’s extension)')
    .addOption(
      new Option('--format <format>', 'file format (default: by the file’s extension, else h5)').choices([
        ...formats,
        packed,
      ]),
    )
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas export cifar10@production model.h5
  $ npx maas export cifar10:3 --format keras
  $ npx maas export cifar10@production model.tar.gz --format sagemaker   # for the predict image started as \`serve\`
  $ python3 -c "import keras; keras.models.load_model('model.h5').summary()"`,
    )
    .action(async (reference: string, file: string | undefined, { root, format }: ExportOptions) => {
      const { parseReference, versionFiles } = await import('@maas/core/contract')
      const { artifactFromFiles, modelWriters, packVersion, requireLayers, writeFileAtomically } = await import(
        '@maas/core/formats'
      )
      const registry = await openLocalRegistry(root)
      const parsed = parseReference(reference)
      const manifest = await registry.manifest(parsed.name, await registry.resolve(parsed))
      const written = (path: string, bytes: Uint8Array): void => {
        output.data({ path, bytes: bytes.byteLength, name: parsed.name, version: manifest.version })
        output.line(`Wrote ${path} (${formatBytes(bytes.byteLength)}), ${parsed.name}:${manifest.version}.`)
      }
      if (format === packed) {
        const bytes = await packVersion(manifest, (stored) => registry.file(manifest, stored))
        const path = file ?? 'model.tar.gz'
        await writeFileAtomically(path, bytes)
        return written(path, bytes)
      }
      const paths = manifest.files.map((one) => one.path)
      const artifact = await artifactFromFiles(paths, (stored) => registry.file(manifest, stored))
      const writer = modelWriters[format ?? formatOf(file) ?? 'h5']
      const path = file ?? `${parsed.name}.${writer.extension}`
      const bytes = await writer.write(requireLayers(artifact, `written as ${writer.title}`))
      if (paths.includes(versionFiles.preprocess)) {
        const { kind } = JSON.parse(new TextDecoder().decode(await registry.file(manifest, versionFiles.preprocess)))
        if (kind === 'text') output.note('The file takes the numbers of texts: their preprocessing is not part of it.')
      }
      await writeFileAtomically(path, bytes)
      written(path, bytes)
    })
