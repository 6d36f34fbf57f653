/** The formats that a model can be written in, by the name that `maas export --format` takes. */
import { writeKerasArchive, writeKerasH5 } from './keras/index.ts'
import type { ModelArtifact } from './types.ts'

export interface ModelWriter {
  /** Of the file. */
  readonly extension: string
  /** For help texts. */
  readonly title: string
  /** UnsupportedError names what the format cannot say. */
  readonly write: (artifact: ModelArtifact) => Promise<Uint8Array>
}

export const modelWriters = {
  h5: { extension: 'h5', title: 'Keras HDF5, for Keras 2 and 3', write: writeKerasH5 },
  keras: { extension: 'keras', title: 'Keras 3 archive', write: writeKerasArchive },
} as const satisfies Record<string, ModelWriter>

export type ModelFormat = keyof typeof modelWriters
