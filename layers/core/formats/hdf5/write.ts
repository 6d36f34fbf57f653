/** Writes an HDF5 file of our own making, in memory; nothing from outside is parsed here. */
import { StorageError } from '../../errors.ts'

export interface Hdf5NewDataset {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** Members are written in the order given. */
export interface Hdf5NewGroup {
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>
  readonly groups?: ReadonlyMap<string, Hdf5NewGroup>
  readonly datasets?: ReadonlyMap<string, Hdf5NewDataset>
}

/** An attribute has room for 64 KiB of references to texts; longer lists are split as Keras does it. */
const LIST_PART = 2000

let files = 0

/** The file's bytes. */
export const writeHdf5 = async (root: Hdf5NewGroup): Promise<Uint8Array> => {
  const { default: h5wasm } = await import('h5wasm')
  const { FS } = await h5wasm.ready
  files += 1
  const path = `/write-${files}.h5`
  const file = new h5wasm.File(path, 'w')
  try {
    fill(file, root)
    file.close()
    return FS.readFile(path)
  } catch (cause) {
    throw new StorageError(`the HDF5 file could not be written: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  } finally {
    FS.unlink(path)
  }
}

type Target = InstanceType<typeof import('h5wasm')['default']['Group']>

const fill = (target: Target, { attributes = {}, groups = new Map(), datasets = new Map() }: Hdf5NewGroup): void => {
  for (const [name, value] of Object.entries(attributes)) writeAttribute(target, name, value)
  for (const [name, { shape, data }] of datasets) {
    const dtype = data instanceof Float32Array ? '<f' : data instanceof Int32Array ? '<i' : '<B'
    target.create_dataset({ name, data, shape: [...shape], dtype })
  }
  for (const [name, group] of groups) fill(target.create_group(name), group)
}

const writeAttribute = (target: Target, name: string, value: string | readonly string[]): void => {
  if (typeof value === 'string') {
    target.create_attribute(name, value, [], 'S')
  } else if (value.length === 0) {
    // Keras, too, writes an empty list as one of numbers.
    target.create_attribute(name, new Float64Array(0), [0], '<d')
  } else if (value.length <= LIST_PART) {
    target.create_attribute(name, [...value], [value.length], 'S')
  } else {
    for (let part = 0; part * LIST_PART < value.length; part += 1) {
      writeAttribute(target, `${name}${part}`, value.slice(part * LIST_PART, (part + 1) * LIST_PART))
    }
  }
}
