/** Takes a `.keras` archive apart: three entries and the vocabularies, each checked against its limit before it is unpacked. */
import { unzipSync } from 'fflate'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, TooLargeError } from '../../errors.ts'

/** Only these are unpacked: names of entries never become paths. */
const wanted: Readonly<Record<string, number>> = {
  'config.json': limits.topologyBytes,
  'metadata.json': limits.topologyBytes,
  'model.weights.h5': limits.modelBytes,
}

/** What a text layer learned. */
const VOCABULARY =
  /^assets\/(?:layers|_layer_checkpoint_dependencies)\/([a-z0-9_]+)\/(?:_lookup_layer\/)?vocabulary\.txt$/

export interface KerasArchive {
  readonly config: string
  readonly metadata: string
  readonly weights: Uint8Array
  /** By the layer's place in the archive, e.g. `text_vectorization_1`. */
  readonly vocabularies: ReadonlyMap<string, string>
}

export const unzipKeras = (bytes: Uint8Array, name: string): KerasArchive => {
  const entries = unpack(bytes, name)
  const entry = (path: string): Uint8Array => {
    const content = entries[path]
    if (content) return content
    throw new InvalidInputError(`${name} is a zip archive, but no Keras model: it has no ${path}`, { param: name })
  }
  const decoder = new TextDecoder()
  return {
    config: decoder.decode(entry('config.json')),
    metadata: decoder.decode(entry('metadata.json')),
    weights: entry('model.weights.h5'),
    vocabularies: new Map(
      Object.entries(entries).flatMap(([path, content]) => {
        const key = VOCABULARY.exec(path)?.[1]
        return key === undefined ? [] : [[key, decoder.decode(content)] as const]
      }),
    ),
  }
}

const unpack = (bytes: Uint8Array, name: string): Record<string, Uint8Array> => {
  try {
    return unzipSync(bytes, {
      filter: ({ name: path, originalSize }) => {
        const limit = Object.hasOwn(wanted, path)
          ? wanted[path]
          : VOCABULARY.test(path)
            ? limits.topologyBytes
            : undefined
        if (limit === undefined) return false
        if (originalSize > limit) {
          throw new TooLargeError(`${name}: ${path} unpacks to ${originalSize} bytes, at most ${limit} are allowed`)
        }
        return true
      },
    })
  } catch (cause) {
    if (cause instanceof MaasError) throw cause
    throw new InvalidInputError(`${name} is no readable zip archive: ${messageOf(cause)}`, { cause, param: name })
  }
}
