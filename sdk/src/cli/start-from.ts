/** What `maas train --from` starts with: the model of a file or a registered version, and what its training configuration asks for. */
import type { Output } from './output.ts'
import { openLocalRegistry } from './target.ts'
import { UsageError } from './usage.ts'

export interface StartFrom {
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Of the training configuration; flags come over them. */
  readonly hyperparameters: Readonly<Record<string, string>>
}

export interface StartOptions {
  readonly from: string
  readonly root: string
  /** Flags: with an optimiser of its own the job starts with fresh slots. */
  readonly given: { readonly optimizer?: unknown; readonly loss?: unknown }
}

export const startFrom = async ({ from, root, given }: StartOptions, output: Output): Promise<StartFrom> => {
  const { requireLayers } = await import('@maas/core/formats')
  const { configuredTraining } = await import('@maas/core/train')
  const { startFiles } = await import('@maas/train')
  const { artifact: read, optimizer } = await readModelOf(from, root)
  const artifact = requireLayers(read, 'trained')
  const own = given.optimizer !== undefined
  if (!artifact.trainingConfig && !own) {
    output.note(`${from} has no training configuration that can be gone on with: loss and optimiser are the defaults.`)
  }
  // An optimiser of one's own, with no loss said: the loss is still the file's.
  const configured =
    artifact.trainingConfig && !(own && given.loss !== undefined) ? configuredTraining(artifact.trainingConfig) : {}
  const hyperparameters = own
    ? Object.fromEntries(Object.entries(configured).filter(([name]) => name === 'loss'))
    : configured
  const state = own ? undefined : optimizer
  if (!own && !optimizer) output.note(`${from} holds no optimiser slots: it starts with fresh ones.`)
  return { files: startFiles(artifact, state), hyperparameters }
}

const readModelOf = async (from: string, root: string) => {
  const { artifactFromFiles, readModel } = await import('@maas/core/formats')
  const { isFile, parseReference } = await import('../reference.ts')
  if (isFile(from)) {
    const { artifact, optimizer, preprocess } = await readModel(from, { optimizer: true })
    if (preprocess) throw new UsageError('--from', `${from} takes texts, which training here does not`)
    return { artifact, optimizer }
  }
  const registry = await openLocalRegistry(root)
  const reference = parseReference(from)
  const manifest = await registry.manifest(reference.name, await registry.resolve(reference))
  const paths = manifest.files.map(({ path }) => path)
  return { artifact: await artifactFromFiles(paths, (path) => registry.file(manifest, path)), optimizer: undefined }
}
