/** Vetting: a model file in, a candidate version out, with its conversion report, certificate and compiled graph; or the reason why not. */
import { join } from 'node:path'
import { encodeGolden, type GoldenTensors, replayGolden } from '@maas/core/certificate'
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
  filesOfArtifact,
  inferPreprocess,
  isGraph,
  readModel,
  type ServableArtifact,
  signatureOf,
  toLayersModel,
} from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import { createArtifactRunner } from '@maas/core/predict/artifact-runner'
import { runLayers } from '@maas/core/predict/eager'
import { createRunner } from '@maas/core/predict/runner'
import { goldenOf } from './golden.ts'

export interface VetDeps {
  readonly kernels: Kernels
  readonly now: () => Date
}

export interface Vetted {
  readonly verdict: Verdict
  /** Of the candidate, by path. */
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly graph?: Uint8Array
}

/** Never throws for what is wrong with a model: that is the verdict. */
export const vetModel = async (request: ImportRequest, directory: string, deps: VetDeps): Promise<Vetted> => {
  let conversion: Conversion | undefined
  const about = { schema: 1, at: deps.now().toISOString(), kernels: deps.kernels.id, metrics: {} } as const
  const failed = (error: MaasError, certificate?: Replay): Vetted => ({
    verdict: {
      ...{ ...about, files: [], error: { code: error.code, message: error.message } },
      ...(conversion && { conversion }),
      ...(certificate && { certificate }),
    },
    files: {},
  })
  try {
    const [model = { path: '' }] = request.files
    const {
      artifact,
      report,
      preprocess: own,
    } = await readModel(join(directory, model.path), {
      ...(request.topology !== undefined && { topology: join(directory, request.topology) }),
    })
    conversion = { ...report, layers: [...report.layers], notes: [...report.notes] }
    const { signature, golden, replay, graph, rowsIndependent, notes, parameters } = await examine(
      artifact,
      deps,
      (...given) => goldenOf(request, directory, ...given),
    )
    conversion.notes.push(...notes)
    if (replay !== undefined && !replay.passed) return failed(mismatch(replay), replay)
    if (own && request.preprocess) {
      throw new InvalidInputError('the model brings its own preprocessing, made of its text layers; leave it out', {
        param: 'preprocess',
      })
    }
    const preprocess = own ?? request.preprocess ?? preprocessOf(artifact, signature, conversion)
    checkLabels(request, signature)
    const goldens = golden && encodeGolden(golden.golden, golden.inputs, golden.outputs)
    const files = {
      ...filesOfArtifact(artifact),
      [versionFiles.signature]: text(servedSignature(signature, preprocess)),
      [versionFiles.preprocess]: text(preprocess),
      ...(request.labels && { [versionFiles.labels]: text(request.labels) }),
      [versionFiles.conversion]: text(conversion),
      ...(goldens && { [versionFiles.golden]: goldens.golden, [versionFiles.goldenValues]: goldens.values }),
    }
    const verdict: Verdict = {
      ...{
        ...about,
        conversion,
        files: Object.keys(files),
        metrics: { ...(parameters !== undefined && { parameters }) },
      },
      ...(replay && { certificate: replay }),
      ...(graph && { graph: { rowsIndependent } }),
    }
    return { verdict, files, ...(graph && { graph }) }
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
  deps: VetDeps,
): Promise<{ readonly replay: Replay; readonly graph?: Uint8Array; readonly rowsIndependent: boolean }> => {
  const { replay, graph, rowsIndependent } = await examine(artifact, deps, async () => golden)
  if (replay === undefined) throw new InvalidInputError('the golden inputs cannot be run')
  return { replay, rowsIndependent, ...(graph && { graph }) }
}

type Reference = (inputs: GoldenTensors['inputs']) => Promise<GoldenTensors['outputs']>

/** Builds the model, makes its goldens by the reference path, compiles it, and replays them on what will serve. */
const examine = async (
  artifact: ServableArtifact,
  { kernels, now }: VetDeps,
  goldens: (signature: Signature, reference: Reference) => Promise<GoldenTensors>,
) => {
  const notes: string[] = []
  const announce = (line: string): void => void notes.push(line)
  const make = (signature: Signature, reference: Reference) =>
    goldens(signature, reference).catch((error: unknown) => {
      // Examples made up may not be what the model takes; a person's own must be.
      if (error instanceof InvalidInputError) throw error
      notes.push(`There is no parity certificate: ${messageOf(error)}`)
      return undefined
    })
  const { runner, signature, golden, parameters } = isGraph(artifact)
    ? await examineGraph(artifact, kernels, announce, make)
    : await examineLayers(artifact, kernels, announce, make)
  try {
    const mode = runner.graph === undefined && !isGraph(artifact) ? 'eager' : 'compiled'
    const replay = golden && (await replayGolden(golden, { run: runner.run, mode, kernels: kernels.id, now }))
    const { graph, rowsIndependent } = runner
    return { signature, parameters, notes, golden, replay, rowsIndependent, ...(graph && { graph }) }
  } finally {
    runner.dispose()
  }
}

type Make = (signature: Signature, reference: Reference) => Promise<GoldenTensors | undefined>

/** A graph has no other path to hold it against: its own answers here are what other kernels must give. */
const examineGraph = async (
  artifact: ServableArtifact,
  kernels: Kernels,
  announce: (line: string) => void,
  make: Make,
) => {
  const { runner, signature } = await createArtifactRunner(artifact, kernels, { announce })
  const golden = await make(signature, async (inputs) => runner.run(inputs))
  return { runner, signature, golden, parameters: undefined }
}

const examineLayers = async (
  artifact: Parameters<typeof toLayersModel>[0],
  kernels: Kernels,
  announce: (line: string) => void,
  make: Make,
) => {
  const layers = await toLayersModel(artifact, kernels)
  const signature = signatureOf(layers)
  const parameters = layers.countParams()
  const golden = await make(signature, async (inputs) => runLayers(layers, signature, inputs, kernels))
  return { runner: await createRunner(layers, signature, kernels, { announce }), signature, golden, parameters }
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

/** Messages name the file as its owner knows it. */
const nameFile = (error: MaasError, directory: string): MaasError =>
  new MaasError(error.code, error.message.replaceAll(join(directory, '/'), ''))

const text = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)
