/**
 * What the reading process does with a file: a JSON header that describes all groups and datasets, then the bytes of every dataset.
 * Plain JavaScript, because Node runs it as it stands.
 *
 * Frame: 4 bytes length of the JSON (little-endian), the JSON, then the datasets' bytes one after another.
 * JSON: `{ root }`, or `{ refused }` with a sentence; a group is `{ attributes, groups, datasets }`, each a list of name and value.
 */
import h5wasm from 'h5wasm'

export const PIECE_BYTES = 64 * 1024 * 1024
const MAX_DEPTH = 64

class Refused extends Error {}

const module = await h5wasm.ready
export const { FS } = module
const { H5T_class_t: classes } = module

/** Writes the frame of the file at `path` of the library's own file system; options are `{ skip, maxBytes, maxTensorBytes, maxObjects }`. */
export const parse = (path, options, write) => {
  try {
    const file = new h5wasm.File(path, 'r')
    if (file.file_id < 0n) throw new Refused('it is no HDF5 file, or it is cut short')
    const { root, datasets } = describe(file, options)
    writeHeader({ root }, write)
    for (const dataset of datasets) send(file, dataset, write)
    file.close()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    writeHeader({ refused: error.message }, write)
  }
}

const writeHeader = (header, write) => {
  const json = new TextEncoder().encode(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  write(length)
  write(json)
}

/** Names and values of text, integer and float attributes; no model file uses other kinds. */
const attributesOf = (entity) =>
  Object.entries(entity.attrs).flatMap(([name, attribute]) => {
    const { type, size, total_size: count } = attribute.metadata
    const isNumber = type === classes.H5T_INTEGER.value || (type === classes.H5T_FLOAT.value && size >= 4)
    if (!isNumber && type !== classes.H5T_STRING.value) return []
    if (size * count > PIECE_BYTES)
      throw new Refused(`attribute ${name} of ${entity.path} is over ${PIECE_BYTES} bytes`)
    return [[name, attribute.json_value]]
  })

const elementOf = ({ type, size, signed, enum_type: members }, path) => {
  if (type === classes.H5T_FLOAT.value) return `float${size * 8}`
  if (type === classes.H5T_INTEGER.value) return `${signed ? 'int' : 'uint'}${size * 8}`
  if (type === classes.H5T_ENUM.value && size === 1 && 'FALSE' in members.members) return 'bool'
  if (type === classes.H5T_OPAQUE.value) return `opaque${size * 8}`
  if (type === classes.H5T_STRING.value) return 'string'
  throw new Refused(`dataset ${path} holds elements of HDF5 type class ${type}, which no model file has`)
}

/** Walks all objects, collecting datasets in the order in which their bytes will follow. */
const describe = (file, { skip, maxBytes, maxTensorBytes, maxObjects }) => {
  const datasets = []
  let objects = 0
  let bytes = 0
  const describeDataset = (dataset) => {
    const { metadata, path } = dataset
    if (metadata.virtual_sources?.length)
      throw new Refused(`${path} takes its data from other files, which are not read`)
    const element = elementOf(metadata, path)
    const size = element === 'string' ? 0 : metadata.size * metadata.total_size
    if (size > maxTensorBytes)
      throw new Refused(`${path} declares ${size} bytes, one dataset may have at most ${maxTensorBytes}`)
    bytes += size
    if (bytes > maxBytes) throw new Refused(`its datasets declare more than ${maxBytes} bytes`)
    datasets.push({ path, metadata, size })
    return { shape: metadata.shape ?? [0], element, offset: bytes - size, attributes: attributesOf(dataset) }
  }
  const walk = (group, depth) => {
    if (depth > MAX_DEPTH) throw new Refused(`groups are nested deeper than ${MAX_DEPTH} at ${group.path}`)
    const node = { attributes: attributesOf(group), groups: [], datasets: [] }
    for (const name of group.keys()) {
      objects += 1
      if (objects > maxObjects) throw new Refused(`it has more than ${maxObjects} groups and datasets`)
      if (depth === 0 && skip.includes(name)) continue
      const path = `${group.path === '/' ? '' : group.path}/${name}`
      const entity = group.get(name)
      if (entity?.type === 'Group') node.groups.push([name, walk(entity, depth + 1)])
      else if (entity?.type === 'Dataset') node.datasets.push([name, describeDataset(entity)])
      else throw new Refused(`${path} is neither a group nor a dataset but a ${entity?.type}, which is not followed`)
    }
    return node
  }
  return { root: walk(file, 0), datasets }
}

/** Sends a dataset in pieces of whole rows; a chunked one at once, for a chunk is decoded anew on every read. */
const send = (file, { path, metadata, size }, write) => {
  if (size === 0) return
  const { shape, chunks } = metadata
  const rows = shape[0] ?? 1
  const perPiece = chunks || shape.length === 0 ? rows : Math.max(1, Math.floor(PIECE_BYTES / (size / rows)))
  const pointer = module._malloc(Math.min(perPiece, rows) * (size / rows))
  if (pointer === 0) throw new Refused(`${path} of ${size} bytes does not fit into memory`)
  for (let row = 0; row < rows; row += perPiece) {
    const count = Math.min(perPiece, rows - row)
    const whole = count === rows
    const selection = whole
      ? [null, null, null]
      : [[count, ...shape.slice(1)], shape.map((_, axis) => (axis === 0 ? row : 0)), shape.map(() => 1)]
    const status = module.get_dataset_data(
      file.file_id,
      path,
      ...selection.map((values) => values?.map((value) => BigInt(value))),
      BigInt(pointer),
    )
    if (status < 0) throw new Error(`${path} could not be read`)
    write(module.HEAPU8.subarray(pointer, pointer + count * (size / rows)))
  }
  module._free(pointer)
}
