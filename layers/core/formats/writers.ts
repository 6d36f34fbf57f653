/** The formats that a model can be written in, by the name that `maas export --format` takes. */
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Signature } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import type { Kernels } from '../kernels/index.ts'
import { writeKerasArchive, writeKerasH5 } from './keras/index.ts'
import { writeSavedModelFolder } from './savedmodel/write.ts'
import { writeLayersFolder } from './tfjs/write.ts'
import type { ServableArtifact } from './types.ts'
import { isGraph, requireLayers } from './version-files.ts'

/** What writers need besides the model; loaded by those alone that need it. */
export interface WriterDeps {
  readonly kernels: () => Promise<Kernels>
  /** `compileInference` of core/graph, which sits beside this folder. */
  readonly compile: (model: LayersModel, kernels: Kernels, signature: Signature) => Promise<Uint8Array>
}

interface Titled {
  /** For help texts. */
  readonly title: string
}

/** UnsupportedError names what the format cannot say. */
export type ModelWriter = Titled &
  (
    | {
        /** Of the one file. */
        readonly extension: string
        readonly write: (artifact: ServableArtifact, deps: WriterDeps) => Promise<Uint8Array>
      }
    | {
        /** Files by their paths below one folder. */
        readonly writeFolder: (artifact: ServableArtifact, deps: WriterDeps) => Promise<Record<string, Uint8Array>>
      }
  )

export const modelWriters = {
  h5: {
    extension: 'h5',
    title: 'Keras HDF5, for Keras 2 and 3',
    write: async (artifact) => writeKerasH5(small(requireLayers(artifact, 'written as Keras .h5'))),
  },
  keras: {
    extension: 'keras',
    title: 'Keras 3 archive',
    write: async (artifact) => writeKerasArchive(small(requireLayers(artifact, 'written as .keras'))),
  },
  tfjs: {
    title: 'TF.js layers model: model.json and its weights, for tf.loadLayersModel',
    writeFolder: async (artifact, { kernels }) =>
      writeLayersFolder(small(requireLayers(artifact, 'written as TF.js layers')), await kernels()),
  },
  savedmodel: {
    title: 'TensorFlow SavedModel: the compiled graph with its weights as constants',
    writeFolder: async (artifact, deps) => writeSavedModelFolder(small(artifact), deps),
  },
} as const satisfies Record<string, ModelWriter>

export type ModelFormat = keyof typeof modelWriters

/** A graph file's own limit, and what imports take: no format is written that could not be read again. */
const mostBytes = 2 ** 31 - 1

const small = <T extends ServableArtifact>(artifact: T): T => {
  const bytes = isGraph(artifact)
    ? artifact.graph.byteLength
    : artifact.weights.reduce((sum, { data }) => sum + data.byteLength, 0)
  if (bytes <= mostBytes) return artifact
  throw new UnsupportedError(
    `the model's weights take ${bytes} bytes; exports hold at most ${mostBytes} (2 GiB), for no reader takes larger graph files, and imports end there too`,
  )
}
