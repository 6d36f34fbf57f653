/** `maas push`: a model file from elsewhere becomes a registered version, here or behind a service, or a report says why not. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Conversion, Import, ImportRequest, Preprocess } from '@maas/core/contract'
import { messageOf } from '@maas/core/errors'
import type { Command } from 'commander'
import { Maas } from '../../client.ts'
import { formatBytes } from '../format.ts'
import { CliCommand, decimal, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'
import { storeDirectory } from '../target.ts'
import { UsageError } from '../usage.ts'

interface PushOptions extends TargetOptions {
  readonly name: string
  readonly alias?: string
  readonly labels?: string
  readonly preprocess?: string
  readonly description?: string
  readonly topology?: string
  readonly golden?: readonly string[]
  readonly tolerance?: number
  readonly report?: boolean
}

type Pushed = Omit<ImportRequest, 'files'> & { readonly directory: string; readonly files: readonly string[] }

const readJson = async (path: string, option: string): Promise<unknown> => {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new UsageError(option, `${path} cannot be read: ${cause.message}`)
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(option, `${path} is no JSON: ${messageOf(cause)}`)
  }
}

/** Class names: a JSON array, or one name a line. */
const readLabels = async (path: string): Promise<string[]> => {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new UsageError('--labels', `${path} cannot be read: ${cause.message}`)
  })
  if (!text.trimStart().startsWith('[')) return text.split(/\r?\n/).filter((line) => line !== '')
  const value = await readJson(path, '--labels')
  if (Array.isArray(value) && value.every((label) => typeof label === 'string')) return value
  throw new UsageError('--labels', `${path} must be a JSON array of strings, or one label a line`)
}

const readPreprocess = async (path: string): Promise<Preprocess> => {
  const { checked, givenPreprocessSchema } = await import('@maas/core/contract')
  const value = await readJson(path, '--preprocess')
  try {
    return checked(givenPreprocessSchema, value, 'preprocess')
  } catch (error) {
    throw new UsageError('--preprocess', `${path}: ${messageOf(error).replace(/^preprocess\.?(: )?/, '')}`)
  }
}

/** The model and what it refers to, by paths below one folder. */
const filesOf = async (path: string): Promise<{ readonly directory: string; readonly files: string[] }> => {
  const info = await stat(path).catch(() => {
    throw new UsageError('file', `${path} does not exist`)
  })
  if (info.isFile() && info.size === 0) throw new UsageError('file', `${path} is empty; save the model again`)
  if (info.isDirectory()) {
    const all = await readdir(path, { recursive: true, withFileTypes: true })
    const files = all
      .filter((entry) => entry.isFile())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'))
    const main = files.find((file) => file === 'saved_model.pb' || file === 'model.json')
    if (main === undefined) throw new UsageError('file', `${path} is a folder without saved_model.pb or model.json`)
    return { directory: path, files: [main, ...files.filter((file) => file !== main)] }
  }
  const directory = dirname(path)
  if (!path.endsWith('.json')) return { directory, files: [basename(path)] }
  const { weightsManifest = [] } = (await readJson(path, 'file')) as { weightsManifest?: { paths?: string[] }[] }
  return { directory, files: [basename(path), ...weightsManifest.flatMap(({ paths = [] }) => paths)] }
}

const requestOf = async (path: string, options: PushOptions): Promise<Pushed> => {
  const { directory, files } = await filesOf(path)
  const [inputs, outputs] = options.golden ?? []
  if (options.golden !== undefined && (inputs === undefined || outputs === undefined || options.golden.length > 2)) {
    throw new UsageError('--golden', 'give two files: inputs and outputs, as .npy, or .npz for several tensors')
  }
  const other = options.golden?.find((file) => !/\.np[yz]$/i.test(file))
  if (other !== undefined)
    throw new UsageError('--golden', `${other} is neither .npy nor .npz, as np.save and np.savez write them`)
  const near = (file: string, option: string): string => {
    const inside = relative(directory, file).split(sep).join('/')
    if (!inside.startsWith('..')) return inside
    throw new UsageError(option, `${file} must lie in ${directory}, with the model's files; copy it there`)
  }
  const topology = options.topology === undefined ? undefined : near(options.topology, '--topology')
  const golden =
    inputs === undefined || outputs === undefined
      ? undefined
      : { inputs: near(inputs, '--golden'), outputs: near(outputs, '--golden') }
  const preprocess = options.preprocess === undefined ? undefined : await readPreprocess(options.preprocess)
  return {
    directory,
    model: options.name,
    files: [...new Set([...files, ...(topology === undefined ? [] : [topology]), ...Object.values(golden ?? {})])],
    ...(topology !== undefined && { topology }),
    ...(options.alias !== undefined && { alias: options.alias }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.labels !== undefined && { labels: await readLabels(options.labels) }),
    ...(preprocess && { preprocess }),
    ...(golden && { golden: { ...golden, ...(options.tolerance !== undefined && { tolerance: options.tolerance }) } }),
  }
}

const push = async (request: Pushed, options: PushOptions, output: Output): Promise<Import> => {
  const bar = createBar(output)
  try {
    if (options.url !== undefined) {
      return await new Maas({ url: options.url, apiKey: options.apiKey }).imports.push(request, {
        onProgress: (done, total) => bar.show('sending', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
        onState: ({ status }) => {
          if (status !== 'checking') return
          bar.clear()
          output.note('Sent. Checking: conversion, parity, compilation …')
        },
      })
    }
    const { openLocalImports, pushModel } = await import('@maas/local')
    const local = openLocalImports(storeDirectory(options.root), (text) => output.note(text))
    return await pushModel(request, local)
  } finally {
    bar.clear()
  }
}

const showLayers = ({ layers, notes, source }: Conversion, all: boolean, output: Output): void => {
  const count = (status: string) => layers.filter((layer) => layer.status === status).length
  const counts = ['supported', 'adapted', 'refused'].filter((status) => count(status) > 0)
  output.line(`  ${source}: ${counts.map((status) => `${count(status)} ${status}`).join(', ') || 'read as it is'}`)
  const rows = layers.filter(({ status }) => all || status !== 'supported')
  if (rows.length > 0) {
    output.table(
      ['layer', 'class', 'status', 'why'],
      rows.map(({ name, className, status, why = '' }) => [name, className, status, why]),
    )
  }
  for (const note of notes) output.line(`  note: ${note}`)
}

export const pushCommand = (output: Output): Command =>
  new CliCommand('push')
    .description('register a Keras .h5 or .keras, TF.js or SavedModel file as a new version')
    .argument('<file>', 'model file, or the folder of a TF.js model or SavedModel')
    .requiredOption('--name <model>', 'model to register it under')
    .option('--alias <alias>', 'alias to move to the new version')
    .option('--labels <file>', 'class names: a JSON array or one a line')
    .option('--preprocess <file>', 'preprocessing spec as JSON, so that images can be sent as they are')
    .option('--topology <file>', 'what model.to_json() wrote, for a file that holds weights alone; beside the model')
    .option('--golden <files...>', 'inputs and the outputs that the model must give: x.npy y.npy, beside the model')
    .option('--tolerance <number>', 'largest difference allowed by the certificate, relative', decimal(1e-9, 0.1))
    .option('--description <text>', 'a sentence kept with the version')
    .option('--report', 'list every layer, not only those that were adapted or refused')
    .addTargetOptions()
    .addHelpText(
      'after',
      `
The file is checked in a process of its own: each layer converts exactly or the model is refused, and golden inputs and
outputs (yours, or made up) become its parity certificate. An interrupted upload goes on where it was.

--preprocess says what becomes of a picture before the model sees it: it is resized, then (pixel * scale - mean) / std
for each channel, pixel in 0..255. What is left out stands for what is shown here; stretch may be center (crop to the
aspect ratio), bilinear nearest or bicubic:
  {"kind": "image", "height": 32, "width": 32, "channels": 3, "scale": 0.00392156862745098, "mean": [0], "std": [1],
   "crop": "stretch", "interpolation": "bilinear", "antialias": true, "alpha": "black", "exif": "apply"}

Examples:
  $ npx maas push model.h5 --name digits
  $ npx maas push model.keras --name digits --golden x.npy y.npy --labels labels.txt --alias production
  $ npx maas push model.h5 --name digits --preprocess pixels.json
  $ npx maas push digits.weights.h5 --topology digits.json --name digits
  $ npx maas push model.h5 --name digits --url https://models.example.com`,
    )
    .action(async (path: string, options: PushOptions) => {
      if (options.tolerance !== undefined && options.golden === undefined) {
        throw new UsageError('--tolerance', 'it belongs to --golden x.npy y.npy')
      }
      const request = await requestOf(path, options)
      const result = await push(request, options, output)
      const { model, version, conversion, certificate, error, alias } = result
      output.data(result)
      const { describeReplay } = await import('@maas/core/certificate')
      if (version === undefined) {
        output.markFailed()
        output.line(
          `Refused: ${error?.message ?? `the check of import ${result.id} is not over yet; see GET /imports/${result.id}`}`,
        )
      } else {
        output.line(
          `Registered ${model}:${version}${alias === undefined || error ? '' : `, ${model}@${alias} points at it`}.`,
        )
        if (error) output.line(`  ${error.message}`)
      }
      if (conversion) showLayers(conversion, options.report ?? false, output)
      if (certificate) output.line(`  certificate ${describeReplay(certificate)}`)
      const input = request.preprocess?.kind === 'image' ? 'photo.jpg' : '--input batch.json'
      if (version !== undefined) output.line(`  next: npx maas predict ${model} ${input}`)
    })
