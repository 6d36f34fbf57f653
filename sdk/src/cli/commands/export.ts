/** `maas export`: a registered version as a file for other tools. */
import type { Manifest } from '@maas/core/contract'
import type { ModelFormat } from '@maas/core/formats'
import { type Command, Option } from 'commander'
import { formatBytes } from '../format.ts'
import { CliCommand } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry } from '../target.ts'
import { UsageError } from '../usage.ts'

/** Not a model format: the version's own files, packed for the serving container. */
const packed = 'sagemaker'
type Format = ModelFormat | typeof packed

interface ExportOptions {
  readonly root: string
  readonly format?: Format
}

/** Where each goes when no path is given. Core's table of writers has the same keys; it is not loaded for `--help`. */
const defaultPaths: Readonly<Record<Format, (name: string) => string>> = {
  h5: (name) => `${name}.h5`,
  keras: (name) => `${name}.keras`,
  tfjs: (name) => `${name}-tfjs`,
  savedmodel: (name) => `${name}-savedmodel`,
  [packed]: () => 'model.tar.gz',
}
const formats = Object.keys(defaultPaths) as readonly Format[]

const formatOf = (path: string | undefined): ModelFormat => {
  if (path === undefined || /\.(h5|hdf5)$/i.test(path)) return 'h5'
  if (/\.keras$/i.test(path)) return 'keras'
  if (/\.json$/i.test(path)) return 'tfjs'
  throw new UsageError('--format', `${path} does not say which; give --format ${formats.join(', ')}`)
}

export const exportCommand = (output: Output): Command =>
  new CliCommand('export')
    .description('write a registered version as a file for other tools')
    .argument('<model>', 'name, name@alias or name:version')
    .argument('[path]', 'a file; a folder, .zip or .tar.gz for tfjs and savedmodel (default: by name)')
    .addOption(new Option('--format <format>', 'file format (default: by the path, else h5)').choices(formats))
    .addLocalOptions()
    .addHelpText(
      'after',
      `
h5 (Keras 2 and 3) and keras (Keras 3) can be trained further in Python. tfjs is for tf.loadLayersModel in a browser.
savedmodel is the compiled graph, its weights as constants, for tf.saved_model.load and TensorFlow Serving.
What a format cannot say exactly is refused, with the layer and the reason.

Examples:
  $ npx maas export cifar10@production model.h5
  $ npx maas export cifar10:3 --format keras
  $ npx maas export cifar10 web/model --format tfjs
  $ npx maas export cifar10 model.zip --format savedmodel
  $ npx maas export cifar10@production model.tar.gz --format sagemaker   # for the predict image started as \`serve\`
  $ python3 -c "import keras; keras.models.load_model('model.h5').summary()"`,
    )
    .action(async (reference: string, given: string | undefined, { root, format = formatOf(given) }: ExportOptions) => {
      const { parseReference } = await import('@maas/core/contract')
      const registry = await openLocalRegistry(root)
      const parsed = parseReference(reference)
      const manifest = await registry.manifest(parsed.name, await registry.resolve(parsed))
      const read = (stored: string) => registry.file(manifest, stored)
      const path = given ?? defaultPaths[format](parsed.name)
      const bytes = format === packed ? await pack(path, manifest, read) : await write(path, format, manifest, read)
      if (format !== packed && (await takesTexts(manifest, read))) {
        output.note('The file takes the numbers of texts: their preprocessing is not part of it.')
      }
      output.data({ path, format, bytes, name: parsed.name, version: manifest.version })
      output.line(`Wrote ${path} (${formatBytes(bytes)}), ${parsed.name}:${manifest.version}.`)
    })

type Read = (stored: string) => Promise<Uint8Array>

const write = async (path: string, format: ModelFormat, { files }: Manifest, read: Read): Promise<number> => {
  const { artifactFromFiles, writeModel } = await import('@maas/core/formats')
  const { writerDeps } = await import('../../local/writer-deps.ts')
  const stored = files.map((file) => file.path)
  return writeModel(path, format, await artifactFromFiles(stored, read), writerDeps())
}

const pack = async (path: string, manifest: Manifest, read: Read): Promise<number> => {
  const { packVersion, writeFileAtomically } = await import('@maas/core/formats')
  const bytes = await packVersion(manifest, read)
  await writeFileAtomically(path, bytes)
  return bytes.byteLength
}

const takesTexts = async ({ files }: Manifest, read: Read): Promise<boolean> => {
  const { versionFiles } = await import('@maas/core/contract')
  if (!files.some((file) => file.path === versionFiles.preprocess)) return false
  return JSON.parse(new TextDecoder().decode(await read(versionFiles.preprocess))).kind === 'text'
}
