/** The model in the folder that a host unpacked: one file or folder of a known format, and what may lie beside it. */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { checked, labelsSchema, type Preprocess, preprocessSchema, versionFiles } from '@maas/core/contract'
import { ConflictError, InvalidInputError, messageOf, NotFoundError } from '@maas/core/errors'

export interface FoundModel {
  readonly directory: string
  /** Of the model file in it; other files of the model lie beside that. */
  readonly file: string
  readonly labels?: readonly string[]
  readonly preprocess?: Preprocess
}

/** Folders inside each other: TensorFlow Serving's layout is `export/Servo/1/saved_model.pb`. */
const deepest = 3

/** By which a model of several files is known; what a training job leaves holds `model.json` and the same as `.h5`. */
const leading = [versionFiles.graph, versionFiles.model]
const extensions = new Set(['.h5', '.hdf5', '.keras', '.zip', '.tar', '.tgz', '.gz'])

/** NotFoundError says what may lie there, ConflictError which of several models to leave out. */
export const findModel = async (directory: string, depth = 0): Promise<FoundModel> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new NotFoundError(
      `${directory} cannot be read: ${messageOf(cause)}. Unpack a model there, or name its folder by SM_MODEL_DIR.`,
      { cause },
    )
  })
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  const lead = leading.find((name) => names.includes(name))
  const found = lead === undefined ? names.filter((name) => extensions.has(extname(name).toLowerCase())) : [lead]
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  if (found.length === 0 && folders.length === 1 && depth < deepest) {
    return findModel(join(directory, folders[0]?.name ?? ''), depth + 1)
  }
  if (found.length > 1)
    throw new ConflictError(
      `${directory} holds ${found.sort().join(', ')}; leave one: this container serves one model.`,
    )
  const [file] = found
  if (file === undefined) {
    const held =
      entries.length === 0
        ? 'is empty'
        : `holds ${entries
            .slice(0, 8)
            .map(({ name }) => name)
            .join(', ')}`
    throw new NotFoundError(
      `${directory} ${held}; it needs one model: what \`maas export --format sagemaker\` writes, what a training job left, a Keras .h5 or .keras, a SavedModel or a TF.js model.`,
    )
  }
  const [labels, preprocess] = await Promise.all([
    names.includes(versionFiles.labels) ? readJson(directory, versionFiles.labels, labelsSchema) : undefined,
    names.includes(versionFiles.preprocess)
      ? readJson(directory, versionFiles.preprocess, preprocessSchema)
      : undefined,
  ])
  return { directory, file, ...(labels && { labels }), ...(preprocess && { preprocess }) }
}

const readJson = async <T>(directory: string, name: string, schema: Parameters<typeof checked<T>>[0]): Promise<T> => {
  try {
    return checked(schema, JSON.parse(await readFile(join(directory, name), 'utf8')), name)
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause
    throw new InvalidInputError(`${join(directory, name)} is no JSON: ${messageOf(cause)}`, { cause, param: name })
  }
}
