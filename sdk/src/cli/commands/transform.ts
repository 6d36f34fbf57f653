/** `maas transform`: predictions for a whole data set, on this machine or by a running service. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { TransformContentType, TransformDescription, TransformFormat } from '@maas/core/contract'
import { type Command, Option } from 'commander'
import { Maas } from '../../client.ts'
import { formatSeconds } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { CliCommand, integer, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'
import { openLocalRegistry, storeDirectory } from '../target.ts'
import { UsageError } from '../usage.ts'

interface TransformOptions extends TargetOptions {
  readonly model: string
  readonly input: string
  readonly output: string
  readonly name?: string
  readonly contentType?: TransformContentType
  readonly single?: true
  readonly maxFailed?: number
  readonly workers?: number
}

const shortTypes = { images: 'application/x-image', csv: 'text/csv', jsonl: 'application/jsonlines' } as const

/** A file by its extension, else a folder, in which the predictions get a file of their own. */
const destinationOf = async (output: string): Promise<{ readonly path: string; readonly format: TransformFormat }> => {
  const kind = extname(output).toLowerCase()
  const isFolder = await stat(output).then(
    (found) => found.isDirectory(),
    () => kind === '',
  )
  if (isFolder) return { path: join(output, 'predictions.jsonl'), format: 'application/jsonlines' }
  if (kind === '.csv') return { path: output, format: 'text/csv' }
  if (kind === '.jsonl' || kind === '.ndjson') return { path: output, format: 'application/jsonlines' }
  throw new UsageError('--output', `${output} is no folder and ends in neither .jsonl nor .csv`)
}

const requestOf = (
  { model, contentType, single, maxFailed }: TransformOptions,
  { name, address, format }: { readonly name: string; readonly address: string; readonly format: TransformFormat },
) => ({
  TransformJobName: name,
  ModelName: model,
  BatchStrategy: single ? ('SingleRecord' as const) : ('MultiRecord' as const),
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix' as const, S3Uri: address } },
    ...(contentType !== undefined && { ContentType: contentType }),
  },
  TransformOutput: { Accept: format },
  ...(maxFailed !== undefined && { MaxFailedInputs: maxFailed }),
})

/** The same work has the same name, so that the same command goes on where it was interrupted. */
const nameOf = (model: string, work: unknown): string =>
  `${model.slice(0, 40).replace(/-+/g, '-').replace(/-$/, '')}-${createHash('sha256').update(JSON.stringify(work)).digest('hex').slice(0, 16)}`

const isInStore = (input: string): boolean => /^(datasets|uploads)\//.test(input)

const summary = (
  job: TransformDescription,
  { path, seconds, doneBefore }: { readonly path: string; readonly seconds: number; readonly doneBefore: number },
  output: Output,
): void => {
  const { Inputs = 0, Failed = 0, Done = 0 } = job.Progress ?? {}
  output.data({
    job: job.TransformJobName,
    model: `${job.ModelName.split(/[@:]/)[0]}:${job.ModelVersion}`,
    output: path,
    inputs: Inputs,
    failed: Failed,
    doneBefore,
    seconds,
    failures: job.Failures,
  })
  const rate = Math.round((Done - doneBefore) / Math.max(0.001, seconds))
  output.line(
    `${Inputs} inputs, ${Failed} failed, in ${formatSeconds(seconds)}${Done > doneBefore ? ` (${rate} a second)` : ''}: ${path}`,
  )
  if (job.Failures.length > 0) {
    output.table(
      ['input', 'what was wrong'],
      job.Failures.slice(0, 10).map(({ id, error }) => [id, error]),
    )
    if (Failed > 10) output.line(`${Failed - 10} more are in the output, each with its error.`)
  }
}

/** Registers the job, or finds that of the same command before. */
const prepareHere = async (options: TransformOptions, format: TransformFormat, signal: AbortSignal) => {
  const [{ createFileStore }, { createTransforms }, local, { parseReference, transformSpecSchema, localJobSettings }] =
    await Promise.all([
      import('@maas/core/store'),
      import('@maas/core/transform'),
      import('@maas/local'),
      import('@maas/core/contract'),
    ])
  const isHere = existsSync(options.input)
  if (!isHere && !isInStore(options.input)) {
    const allowed = 'a folder, an archive, a file, or a key or prefix in the store such as datasets/birds.zip'
    throw new UsageError('--input', `${options.input} does not exist; give ${allowed}`)
  }
  const address = isHere ? pathToFileURL(resolve(options.input)).href : `${localJobSettings.storeUri}/${options.input}`
  const reference = parseReference(options.model)
  const registry = await openLocalRegistry(options.root)
  const model = { name: reference.name, version: await registry.resolve(reference) }
  const root = storeDirectory(options.root)
  const store = createFileStore(root)
  const clock = () => Date.now()
  const transforms = createTransforms({ store, clock })
  const { inputs, close } = await local.openLocalInputs(address, options.contentType, { store, signal })
  const work = requestOf({ ...options, model: '' }, { name: '', address, format })
  const name = options.name ?? nameOf(model.name, [model.version, inputs.digest, work])
  const request = requestOf({ ...options, model: `${model.name}:${model.version}` }, { name, address, format })
  await transforms.create(transformSpecSchema.parse({ request, model }))
  // One that gave up, at a limit or a failure since mended, is tried again.
  await transforms.change(name, ({ end }) => (end && end.outcome !== 'Completed' ? { end: undefined } : undefined))
  return { name, inputs, close, transforms, local, place: { root, store, transforms, clock } }
}

const onThisMachine = async (options: TransformOptions, output: Output): Promise<void> => {
  const { path, format } = await destinationOf(options.output)
  const bar = createBar(output)
  const notice = (text: string) => output.note(text)
  let began = performance.now()
  const work = async (signal: AbortSignal) => {
    const { name, inputs, close, transforms, local, place } = await prepareHere(options, format, signal)
    try {
      const { Progress: { Done = 0 } = {} } = await transforms.describe(name)
      if (Done > 0) notice(`Going on with ${name}: ${Done} of ${inputs.count} inputs were done by an earlier run.`)
      began = performance.now()
      await local.runLocalTransform(await transforms.spec(name), inputs, {
        ...place,
        notice,
        signal,
        workers: options.workers,
        program: await local.workerProgram(notice),
        onProgress: (now) => bar.show('predicting', now.done, now.inputs, progressText(now)),
      })
      return { name, transforms, doneBefore: Done }
    } finally {
      await close()
    }
  }
  const { name, transforms, doneBefore } = await interruptible(work, () =>
    output.note('Stopping; the same command goes on behind the finished parts.'),
  ).finally(() => bar.clear())
  const seconds = (performance.now() - began) / 1000
  await save(path, (await transforms.output(name)).content)
  summary(await transforms.describe(name), { path, seconds, doneBefore }, output)
}

const progressText = ({ done, inputs, failed }: { done: number; inputs: number; failed: number }): string =>
  `${done}/${inputs} inputs${failed > 0 ? `, ${failed} failed` : ''}`

const save = async (path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> => {
  const { writeFileAtomically } = await import('@maas/core/formats')
  await mkdir(resolve(path, '..'), { recursive: true })
  await writeFileAtomically(path, content)
}

/** Milliseconds between two looks at a job of a service. */
const lookMs = 1000

const byService = async (options: TransformOptions, url: string, output: Output): Promise<void> => {
  if (!isInStore(options.input)) {
    throw new UsageError(
      '--input',
      `${options.input} is not in the service's store; put it there with maas upload, and give its key, such as datasets/birds.zip`,
    )
  }
  const { path, format } = await destinationOf(options.output)
  const { transforms } = new Maas({ url, apiKey: options.apiKey })
  const work = requestOf(options, { name: '', address: options.input, format })
  const name = options.name ?? nameOf(options.model.split(/[@:]/)[0] ?? 'transform', [work, Date.now()])
  let job = await transforms.create(requestOf(options, { name, address: options.input, format }))
  const began = performance.now()
  const doneBefore = job.Progress?.Done ?? 0
  const bar = createBar(output)
  output.note(`Job ${name}; Ctrl-C stops watching, and --name ${name} watches it again.`)
  try {
    await interruptible(
      async (signal) => {
        while (job.TransformJobStatus === 'InProgress' || job.TransformJobStatus === 'Stopping') {
          const { Inputs = 1, Done = 0, Failed = 0 } = job.Progress ?? {}
          bar.show('predicting', Done, Inputs, progressText({ done: Done, inputs: Inputs, failed: Failed }))
          await sleep(lookMs, undefined, { signal }).catch(() => {})
          if (signal.aborted) return
          job = await transforms.get(name)
        }
      },
      () => output.note(`The job goes on. POST ${url}/transform-jobs/${name}/stop ends it.`),
    )
  } finally {
    bar.clear()
  }
  const seconds = (performance.now() - began) / 1000
  if (job.TransformJobStatus === 'InProgress') return output.markFailed()
  if (job.TransformJobStatus !== 'Completed') {
    throw new Error(`The job ${name} is ${job.TransformJobStatus}${job.FailureReason ? `: ${job.FailureReason}` : ''}.`)
  }
  await save(path, Buffer.from(await transforms.output(name)))
  summary(job, { path, seconds, doneBefore }, output)
}

export const transformCommand = (output: Output): Command =>
  new CliCommand('transform')
    .description('predict a whole data set; the same command goes on where it was interrupted')
    .requiredOption('--model <name>', 'name, name@alias or name:version')
    .requiredOption('--input <path>', 'folder, archive, .csv or .jsonl; or a key or prefix below datasets/ or uploads/')
    .requiredOption('--output <path>', 'a .jsonl or .csv file, or a folder')
    .option('--name <job>', 'name of the job (default: made of the model, its version, the input and the options)')
    .addOption(
      new Option('--content-type <kind>', 'what to predict where the input holds several kinds')
        .choices(Object.keys(shortTypes))
        .argParser((kind) => {
          const type = shortTypes[kind as keyof typeof shortTypes]
          if (type === undefined)
            throw new UsageError('--content-type', `${kind} is none of ${Object.keys(shortTypes).join(', ')}`)
          return type
        }),
    )
    .option('--single', 'run every input alone, not in batches')
    .option('--max-failed <n>', 'inputs that may fail before giving up (default: all)', integer(0, 1e9))
    .option('--workers <n>', 'processes at once on this machine (default: one a core, at most 8)', integer(1, 64))
    .addTargetOptions()
    .addHelpText(
      'after',
      `
One line for each input, in order: its id (the path; with the line where a file has many), label, probability and
prediction, or what was wrong with it. An input that fails spoils no other.

Examples:
  $ npx maas transform --model cifar10@production --input photos/ --output predictions.csv
  $ npx maas transform --model cifar10 --input cifar10.zip --output out/ --json
  $ npx maas transform --model iris --input flowers.csv --output flowers.jsonl
  $ npx maas transform --url https://models.example.com --model cifar10 --input datasets/birds.zip --output birds.jsonl`,
    )
    .action((options: TransformOptions) =>
      options.url === undefined ? onThisMachine(options, output) : byService(options, options.url, output),
    )
