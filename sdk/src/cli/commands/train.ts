/** `maas train`: a data set in, a registered version out. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { instanceTypes } from '@maas/core/contract'
import { MaasError } from '@maas/core/errors'
import { type Command, Option } from 'commander'
import { resolveData } from '../data-source.ts'
import { formatNumber } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { CliCommand, decimal, integer, rootFlag } from '../options.ts'
import type { Output } from '../output.ts'
import { followTraining } from '../progress.ts'
import { startFrom } from '../start-from.ts'
import { openLocalRegistry } from '../target.ts'
import type { RemoteTraining } from '../train-remote.ts'
import { UsageError } from '../usage.ts'

export interface TrainOptions {
  readonly root: string
  readonly data?: string
  readonly validation?: string
  readonly test?: string
  readonly name?: string
  readonly preset?: string
  readonly topology?: string
  readonly from?: string
  readonly alias?: string
  readonly gate?: string
  readonly resume?: string
  readonly [hyperparameter: string]: unknown
}

const dataKinds = 'a folder, .zip, .tar, .tar.gz, .npz, .npy or .csv'

/** Flags that are hyperparameters of the job document under another spelling. */
const hyperparameterFlags = {
  epochs: 'epochs',
  batchSize: 'batch_size',
  learningRate: 'learning_rate',
  optimizer: 'optimizer',
  loss: 'loss',
  seed: 'seed',
  validationSplit: 'validation_split',
  testSplit: 'test_split',
  earlyStopping: 'early_stopping_patience',
  minGradientNorm: 'min_gradient_norm',
  clipNorm: 'clip_norm',
  weightDecay: 'weight_decay',
  gradientAccumulation: 'gradient_accumulation_steps',
  l2: 'l2',
  dropout: 'dropout',
  target: 'target',
  task: 'task',
  augment: 'augment',
  hiddenUnits: 'hidden_units',
  maxBadFiles: 'max_bad_files',
  preset: 'maas_preset',
  name: 'maas_model_name',
  alias: 'maas_alias',
  gate: 'maas_gate',
} as const

const hyperparametersOf = (options: TrainOptions): Record<string, string> =>
  Object.fromEntries(
    Object.entries(hyperparameterFlags)
      .filter(([flag]) => options[flag] !== undefined)
      .map(([flag, name]) => [name, String(options[flag])]),
  )

const existing = (flag: string, path: string): string => {
  if (!existsSync(path)) throw new UsageError(flag, `${path} does not exist`)
  return resolve(path)
}

/** Sorts by time, and two started in one second differ. */
const newJobName = (model: string, now: Date): string =>
  `${model.slice(0, 40)}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`

/** Longest topology that a hyperparameter holds, in characters. */
const mostTopology = 2500

/** Flags that say how a service is to train. */
const remoteFlags = new Set(['--url', '--api-key', '--detach', '--spot', '--instance-type'])

/** The job document that the flags mean, over what is configured already; its data are files of this machine. */
export const jobDocument = (
  options: TrainOptions,
  data: string,
  now: Date,
  configured: Readonly<Record<string, string>> = {},
) => {
  const { name } = options
  if (name === undefined) throw new UsageError('--name', 'give the model a name, e.g. --name cifar10')
  const channel = (channelName: string, flag: string, path: string) => ({
    ChannelName: channelName,
    DataSource: { S3DataSource: { S3Uri: pathToFileURL(existing(flag, path)).href } },
  })
  return {
    TrainingJobName: newJobName(name, now),
    HyperParameters: { ...configured, ...hyperparametersOf(options) },
    InputDataConfig: [
      channel('train', '--data', data),
      ...(options.validation === undefined ? [] : [channel('validation', '--validation', options.validation)]),
      ...(options.test === undefined ? [] : [channel('test', '--test', options.test)]),
    ],
    OutputDataConfig: { S3OutputPath: pathToFileURL(resolve(options.root, 'jobs')).href },
  }
}

const topologyText = async ({ topology }: TrainOptions): Promise<string | undefined> =>
  topology === undefined ? undefined : readFile(existing('--topology', topology), 'utf8')

/** A new job's folder, or that of one to go on with; wrong flags are refused before anything is loaded or written. */
const openJob = async (options: TrainOptions, output: Output) => {
  const { data, resume, root } = options
  if (resume !== undefined) return (await import('@maas/local')).openJobFolder(resume, root)
  if (data === undefined) throw new UsageError('--data', `say what to train on: ${dataKinds}`)
  const { from } = options
  const other = (['topology', 'preset'] as const).find((flag) => options[flag] !== undefined)
  if (from !== undefined && other)
    throw new UsageError('--from', `the model brings its own layers; leave out --${other}`)
  const topology = await topologyText(options)
  const start =
    from === undefined
      ? undefined
      : await startFrom({ from, root, given: { optimizer: options.optimizer, loss: options.loss } }, output)
  const document = jobDocument(options, await resolveData(data, root, output), new Date(), start?.hyperparameters)
  return (await import('@maas/local')).prepareJobFolder(document, root, {
    ...(topology !== undefined && { topology }),
    ...(start && { start: start.files }),
  })
}

/** Trains and registers; shared with quickstart. */
export const trainAndRegister = async (options: TrainOptions, output: Output) => {
  const { directory, document } = await openJob(options, output)
  const { canResume, hasCandidate, registerJob, runJob } = await import('@maas/local')
  const follow = followTraining(output)
  const name = document.TrainingJobName
  output.line(`job    ${name}`)
  const resumeHint = `npx maas train --resume ${name}${rootFlag(options.root)}`
  const report = (event: Parameters<typeof follow.show>[0]): void => {
    follow.show(event)
    output.data(event)
  }
  try {
    // A job that was trained but not registered, because something failed in between, has nothing left to train.
    if (!(await hasCandidate(directory))) {
      await interruptible(
        (signal) => runJob({ directory, report, signal }),
        () => output.note(`Stopping after this step. Go on later with: ${resumeHint}`),
      )
    }
    const registered = await registerJob(directory, document, await openLocalRegistry(options.root), 'maas train')
    return { ...registered, directory, job: name }
  } catch (error) {
    const stopped = error instanceof MaasError && error.code === 'canceled'
    if (!stopped && (await canResume(directory))) output.note(`What was trained is kept. Go on with: ${resumeHint}`)
    throw error
  }
}

/** At a service: a job of the same document, whose data is sent first. */
const trainAtService = async (options: TrainOptions & RemoteTraining, output: Output): Promise<void> => {
  if (options.from !== undefined) {
    throw new UsageError('--from', 'a service starts training anew; leave out --remote to go on with a model here')
  }
  const { data, resume, topology, url } = options
  if (url === undefined) {
    throw new UsageError('--remote', 'say which service is to train: --url, MAAS_URL, or npx maas login')
  }
  if (resume !== undefined) throw new UsageError('--resume', 'a service resumes its jobs by itself')
  if (data === undefined) throw new UsageError('--data', `say what to train on: ${dataKinds}`)
  const text = await topologyText(options)
  if (text !== undefined && text.length > mostTopology) {
    throw new UsageError('--topology', `${topology} has ${text.length} characters; a service takes ${mostTopology}`)
  }
  const document = jobDocument(options, await resolveData(data, options.root, output), new Date())
  const HyperParameters = { ...document.HyperParameters, ...(text !== undefined && { maas_topology: text }) }
  const { trainRemotely } = await import('../train-remote.ts')
  await trainRemotely({ ...document, HyperParameters }, { ...options, url }, output)
}

/** Flags that mean nothing on this machine are refused there, never left out in silence. */
const refuseRemoteFlags = (command: Command): void => {
  const given = command.options.find(
    (option) => remoteFlags.has(option.long ?? '') && command.getOptionValueSource(option.attributeName()) === 'cli',
  )
  if (given) throw new UsageError(given.long ?? '', 'it belongs to --remote, which trains at a service')
}

export const trainCommand = (output: Output): Command =>
  new CliCommand('train')
    .description('train a model, evaluate it and register it as a new version')
    .option(
      '--data <path>',
      'image folder (directory, .zip, .tar, .tar.gz), CIFAR-10 binary, .npz or .csv; or "cifar10"',
    )
    .option('--validation <path>', 'validation data, when it is not part of --data')
    .option('--test <path>', 'test data, when it is not part of --data')
    .option('--name <model>', 'model to register the version under')
    .option('--preset <preset>', 'cifar10-cnn, cifar10-cnn-overfit, cifar10-cnn-regularized or mlp')
    .option('--topology <file>', 'Keras or TF.js topology as JSON, in place of a preset')
    .option('--from <model>', 'go on with a Keras or TF.js file, or a registered model[@alias|:version]')
    .option('--epochs <n>', 'passes over the training data', integer(1, 10_000))
    .option('--batch-size <n>', 'examples in a step', integer(1, 65_536))
    .option('--learning-rate <rate>', 'step size of the optimiser', decimal(0, 100))
    .addOption(new Option('--optimizer <name>', 'optimiser').choices(['sgd', 'adam', 'rmsprop']))
    .option('--loss <name>', 'loss, e.g. sparse_categorical_crossentropy')
    .option('--seed <n>', 'seed of initial weights, order and splits', integer(0, 2_147_483_647))
    .option('--validation-split <share>', 'share of the training data kept for validation', decimal(0, 0.9))
    .option('--test-split <share>', 'share kept for test when the data brings no test part', decimal(0, 0.9))
    .option(
      '--early-stopping <epochs>',
      'epochs without improvement before training stops; 0 never',
      integer(0, 10_000),
    )
    .option('--min-gradient-norm <norm>', 'stop when the gradient is smaller; 0 never', decimal(0, 1e9))
    .option('--clip-norm <norm>', 'scale gradients down to this norm; 0 never', decimal(0, 1e9))
    .option(
      '--weight-decay <share>',
      'share of each weight that a step takes away, times the learning rate',
      decimal(0, 1),
    )
    .option('--gradient-accumulation <steps>', 'steps averaged into one update of the weights', integer(1, 10_000))
    .option('--l2 <factor>', 'L2 penalty on kernels', decimal(0, 10))
    .option('--dropout <rate>', 'share of units dropped while training', decimal(0, 0.95))
    .option('--augment', 'mirror and move images a little while training')
    .option('--no-augment', 'show images as they are, where the preset augments')
    .option('--target <column>', 'column of a .csv to predict')
    .addOption(new Option('--task <task>', 'what the target is').choices(['classification', 'regression']))
    .option('--hidden-units <widths>', 'hidden layers of the mlp preset, e.g. 64,32')
    .option('--max-bad-files <n>', 'unreadable files allowed before giving up', integer(0, 1_000_000))
    .option('--alias <alias>', 'alias to move to the new version')
    .option('--gate <condition>', 'move the alias only if this holds, e.g. "test_accuracy>=0.6,overfitting_gap<=0.1"')
    .option('--resume <job>', 'go on with a stopped job')
    .option('--remote', 'train at the service of --url: sends the data, follows the job')
    .option('--detach', 'with --remote: do not wait for the job')
    .option('--spot', 'with --remote: on Spot capacity where there is any')
    .addOption(
      new Option('--instance-type <type>', 'with --remote: size of the job').choices(Object.keys(instanceTypes)),
    )
    .addTargetOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas train --data cifar10.zip --preset cifar10-cnn --epochs 10 --name cifar10 --alias production
  $ npx maas train --data iris.csv --target species --preset mlp --name iris
  $ npx maas train --data cifar10.zip --from model.h5 --epochs 5 --name cifar10
  $ npx maas train --resume cifar10-20260101-120000-ab12
  $ npx maas train --remote --data images.zip --name birds --spot --alias production --gate "test_accuracy>=0.6"

With --remote the data goes up in parts, once however many jobs use it; Ctrl-C leaves the job running at the service.`,
    )
    .action(async (options: TrainOptions & RemoteTraining & { readonly remote?: boolean }, command: Command) => {
      if (options.remote) return trainAtService(options, output)
      refuseRemoteFlags(command)
      const { manifest, gate, alias, directory, job } = await trainAndRegister(options, output)
      const report = `${directory}/model/report.html`
      output.data({ event: 'registered', name: manifest.name, version: manifest.version, alias, gate, report, job })
      output.line(
        `\nRegistered ${manifest.name}:${manifest.version}${alias ? `, ${manifest.name}@${alias} points at it` : ''}`,
      )
      if (!gate.passed) output.line(`The alias stays where it was: ${gate.message}.`)
      const metrics = Object.entries(manifest.metrics).map(([name, value]) => `${name} ${formatNumber(value)}`)
      output.line(`  ${metrics.join('  ')}`)
      output.line(`  report: ${report}`)
      output.line(`  next:   npx maas serve${rootFlag(options.root)}`)
    })
