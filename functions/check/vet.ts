/** Vetting: a model file in, a candidate version out, with its conversion report, certificate and compiled graph; or the reason why not. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeGolden, type GoldenTensors } from '@maas/core/certificate'
import {
  type Conversion,
  type ImportRequest,
  type Preprocess,
  type Replay,
  type Signature,
  servedSignature,
  type Verdict,
  versionFiles,
} from '@maas/core/contract'
import { InvalidInputError, MaasError, messageOf, UnsupportedError } from '@maas/core/errors'
import {
  ConversionRefusedError,
  inferPreprocess,
  isGraph,
  type ModelReadOptions,
  partsOfArtifact,
  readModel,
  type ServableArtifact,
} from '@maas/core/formats'
import { type CertifyDeps, certify } from '@maas/core/predict/certify'
// By its own path, as the rest of training is not needed here.
import { encodeOptimizer } from '@maas/core/train/optimizer-file'
import { goldenOf } from './golden.ts'

export interface Vetted {
  readonly verdict: Verdict
  readonly graph?: Uint8Array
}

export interface VetDeps extends CertifyDeps {
  /** Receives each file of the candidate, the largest while the model is yet to be compiled. Void where the verdict does not name it. */
  readonly keep: (path: string, parts: readonly Uint8Array[]) => void
  /** @default in a process that starts when there is a file to read */
  readonly readHdf5?: ModelReadOptions['readHdf5']
}

/** Bytes of a file whose optimiser's slots, up to twice its weights, are read and kept too. */
const largestWithSlots = 256 * 1024 ** 2

/** Never throws for what is wrong with a model: that is the verdict. */
export const vetModel = async (request: ImportRequest, directory: string, deps: VetDeps): Promise<Vetted> => {
  let conversion: Conversion | undefined
  const about = { schema: 1, at: deps.now().toISOString(), kernels: deps.kernels.id, metrics: {} } as const
  const failed = (error: MaasError, certificate?: Replay): Vetted => ({
    verdict: {
      ...about,
      files: [],
      error: { code: error.code, message: error.message },
      ...(conversion && { conversion }),
      ...(certificate && { certificate }),
    },
  })
  const kept: string[] = []
  const keep = (files: Readonly<Record<string, Uint8Array | readonly Uint8Array[]>>): void => {
    for (const [path, content] of Object.entries(files)) {
      kept.push(path)
      deps.keep(path, content instanceof Uint8Array ? [content] : content)
    }
  }
  try {
    const [model = { path: '' }] = request.files
    const path = join(directory, model.path)
    const small = (await stat(path)).size <= largestWithSlots
    const {
      artifact,
      report,
      preprocess: own,
      optimizer,
    } = await readModel(path, {
      optimizer: small,
      ...(deps.readHdf5 && { readHdf5: deps.readHdf5 }),
      ...(request.topology !== undefined && { topology: join(directory, request.topology) }),
    })
    conversion = { ...report, layers: [...report.layers], notes: [...report.notes] }
    keep(partsOfArtifact(artifact))
    const { signature, golden, replay, graph, rowsIndependent, notes, parameters } = await certify(
      artifact,
      deps,
      (...given) => goldenOf(request, directory, ...given),
    )
    conversion.notes.push(...notes)
    if (!small && !isGraph(artifact) && artifact.trainingConfig) {
      conversion.notes.push(
        `The optimiser's slots are not kept with the version: they are of files up to ${largestWithSlots / 1024 ** 2} MiB. Training goes on with them from the file itself.`,
      )
    }
    if (replay !== undefined && !replay.passed) return failed(mismatch(replay), replay)
    if (own && request.preprocess) {
      throw new InvalidInputError('the model brings its own preprocessing, made of its text layers; leave it out', {
        param: 'preprocess',
      })
    }
    const preprocess = own ?? request.preprocess ?? preprocessOf(artifact, signature, conversion)
    checkLabels(request, signature)
    checkPreprocess(request, signature)
    const goldens = golden && encodeGolden(golden.golden, golden.inputs, golden.outputs)
    keep({
      [versionFiles.signature]: text(servedSignature(signature, preprocess)),
      [versionFiles.preprocess]: text(preprocess),
      ...(request.labels && { [versionFiles.labels]: text(request.labels) }),
      [versionFiles.conversion]: text(conversion),
      ...(optimizer && { [versionFiles.optimizer]: encodeOptimizer(optimizer) }),
      ...(goldens && { [versionFiles.golden]: goldens.golden, [versionFiles.goldenValues]: goldens.values }),
    })
    const verdict: Verdict = {
      ...about,
      conversion,
      files: kept,
      metrics: { ...(parameters !== undefined && { parameters }) },
      ...(replay && { certificate: replay }),
      ...(graph && { graph: { rowsIndependent } }),
    }
    return { verdict, ...(graph && { graph }) }
  } catch (error) {
    if (error instanceof ConversionRefusedError) {
      conversion = { ...error.report, layers: [...error.report.layers], notes: [...error.report.notes] }
    }
    // A file from outside can make anything fail; what nobody foresaw is still the file's fault, not a lost import.
    const known =
      error instanceof MaasError ? error : new InvalidInputError(`the model cannot be read: ${messageOf(error)}`)
    return failed(nameFile(known, directory))
  }
}

/** What replaying a version's own goldens shows, on the kernels of this process. */
export const replayVersion = async (
  artifact: ServableArtifact,
  golden: GoldenTensors,
  deps: CertifyDeps,
): Promise<{ readonly replay: Replay; readonly graph?: Uint8Array; readonly rowsIndependent: boolean }> => {
  const { replay, graph, rowsIndependent } = await certify(artifact, deps, async () => golden)
  if (replay === undefined) throw new InvalidInputError('the golden inputs cannot be run')
  return { replay, rowsIndependent, ...(graph && { graph }) }
}

const mismatch = ({ difference, tolerance, source, outputs }: Replay): MaasError => {
  const found =
    difference === null
      ? `output ${outputs.find((output) => output.difference === null)?.name} has another shape or is not a number`
      : `the largest difference is ${difference.toExponential(1)}, ${tolerance} is allowed`
  return new UnsupportedError(
    source === 'given'
      ? `the model does not answer the golden inputs with the golden outputs: ${found}. Were they made by this model, on inputs as it takes them?`
      : `the model does not answer as its reference path does: ${found}`,
    { param: 'golden' },
  )
}

/** A model that scales pixels itself takes images as they come. */
const preprocessOf = (artifact: ServableArtifact, signature: Signature, conversion: Conversion): Preprocess => {
  const image = isGraph(artifact) ? undefined : inferPreprocess(artifact, signature)
  if (image === undefined) return { kind: 'tensor' }
  conversion.notes.push(
    `The model scales its input itself, so images may be sent as they are: they are resized to ${image.height}x${image.width} and go in as 0..255. Another way: --preprocess.`,
  )
  return image
}

const checkLabels = ({ labels }: ImportRequest, { outputs }: Signature): void => {
  const classes = outputs[0]?.shape.at(-1)
  if (labels === undefined || labels.length === classes || (classes === 1 && labels.length === 2)) return
  throw new InvalidInputError(`got ${labels.length} labels, the model's last dimension is ${classes}`, {
    param: 'labels',
  })
}

/** A spec whose rows the model does not take would fail at every prediction. */
const checkPreprocess = ({ preprocess }: ImportRequest, { inputs }: Signature): void => {
  const row = preprocess && rowOf(preprocess)
  if (row === undefined) return
  const [input] = inputs
  const fits =
    inputs.length === 1 &&
    input?.dtype === 'float32' &&
    input.shape.length === row.length + 1 &&
    row.every((size, axis) => input.shape[axis + 1] === -1 || input.shape[axis + 1] === size)
  if (fits) return
  const taken = inputs.map(({ name, dtype, shape }) => `${name}: ${dtype} [${shape.slice(1).join(', ')}]`).join('; ')
  throw new InvalidInputError(
    `preprocess: it makes float32 [${row.join(', ')}] of an example, the model takes ${taken}`,
    {
      param: 'preprocess',
    },
  )
}

/** The shape of one example as the spec makes it; undefined where the model alone can tell. */
const rowOf = (preprocess: Preprocess): readonly number[] | undefined => {
  if (preprocess.kind === 'image') return [preprocess.height, preprocess.width, preprocess.channels]
  if (preprocess.kind !== 'tabular') return undefined
  return [preprocess.columns.reduce((sum, column) => sum + (column.type === 'number' ? 1 : column.values.length), 0)]
}

/** Messages name the file as its owner knows it. */
const nameFile = (error: MaasError, directory: string): MaasError =>
  new MaasError(
    error.code,
    error.message.replaceAll(join(directory, '/'), '').replaceAll(directory, "the model's folder"),
  )

const text = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)
