/** `maas push`: a model file from elsewhere becomes a registered version. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command } from 'commander'
import { formatNumber } from '../format.ts'
import { jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry } from '../target.ts'
import { UsageError } from '../usage.ts'

interface PushOptions {
  readonly root: string
  readonly name: string
  readonly alias?: string
  readonly labels?: string
  readonly preprocess?: string
  readonly description?: string
}

/** Class names: a JSON array, or one name a line. */
const readLabels = async (path: string): Promise<readonly string[]> => {
  const text = await readFile(path, 'utf8')
  if (!text.trimStart().startsWith('[')) return text.split(/\r?\n/).filter((line) => line !== '')
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value) && value.every((label) => typeof label === 'string')) return value
  throw new UsageError('--labels', `${path} must be a JSON array of strings, or one label a line`)
}

/** The files of the new version; parsing happens in a process of its own, because the file may come from anybody. */
const filesOf = async (path: string, options: PushOptions) => {
  const { preprocessSchema, versionFiles } = await import('@maas/core/contract')
  const { encodeLayersJson, readModelFile, signatureOf, toLayersModel } = await import('@maas/core/formats')
  const { loadKernels } = await import('@maas/core/kernels')
  const artifact = await readModelFile(path)
  const kernels = await loadKernels()
  const model = toLayersModel(artifact, kernels)
  const built = await model
  const signature = signatureOf(built)
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels)
  const classes = signature.outputs[0]?.shape.at(-1)
  if (labels && classes !== labels.length) {
    throw new UsageError('--labels', `got ${labels.length} labels, the model's last dimension is ${classes}`)
  }
  const preprocess = preprocessSchema.parse(
    options.preprocess === undefined ? { kind: 'tensor' } : JSON.parse(await readFile(options.preprocess, 'utf8')),
  )
  const { model: modelJson, weights } = encodeLayersJson(artifact)
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
  const parameters = built.countParams()
  built.dispose()
  return {
    files: {
      [versionFiles.model]: modelJson,
      [versionFiles.weights]: weights,
      [versionFiles.signature]: json(signature),
      [versionFiles.preprocess]: json(preprocess),
      ...(labels ? { [versionFiles.labels]: json(labels) } : {}),
    },
    parameters,
    kernels: kernels.id,
  }
}

export const pushCommand = (output: Output): Command =>
  new Command('push')
    .description('register a Keras .h5 or TF.js model.json as a new version')
    .argument('<file>', 'model file')
    .requiredOption('--name <model>', 'model to register it under')
    .option('--alias <alias>', 'alias to move to the new version')
    .option('--labels <file>', 'class names: a JSON array or one a line')
    .option('--preprocess <file>', 'preprocessing spec as JSON, so that images can be sent as they are')
    .option('--description <text>', 'a sentence kept with the version')
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas push model.h5 --name digits
  $ npx maas push model.h5 --name digits --labels labels.txt --preprocess preprocess.json --alias production`,
    )
    .action(async (path: string, options: PushOptions) => {
      const { files, parameters, kernels } = await filesOf(path, options)
      const registry = await openLocalRegistry(options.root)
      const manifest = await registry.register(options.name, {
        files,
        metrics: { parameters },
        lineage: { source: 'import', file: basename(path), code: 'maas 0.1.0', kernels },
        ...(options.description === undefined ? {} : { description: options.description }),
      })
      if (options.alias !== undefined) {
        const change = { by: 'maas push', why: `pushed ${basename(path)}` }
        await registry.setAlias(options.name, options.alias, [{ version: manifest.version, weight: 100 }], change)
      }
      output.data({ name: manifest.name, version: manifest.version, alias: options.alias, parameters })
      output.line(`Registered ${manifest.name}:${manifest.version}, ${formatNumber(parameters)} parameters.`)
      output.line(`  next: npx maas predict ${manifest.name} --input batch.json`)
    })
