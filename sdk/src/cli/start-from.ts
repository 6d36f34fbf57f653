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
  const { trainingConfig } = artifact
  const own = given.optimizer !== undefined
  const named = trainingConfig?.optimizer_config !== undefined
  // Keras 3.15, after it wrote .h5, leaves the optimiser out of .keras, but not its slots: they belong to the one that a person names.
  const nameless = optimizer !== undefined && !named
  if (!named && !own) {
    const unsaid = trainingConfig
      ? 'which optimiser it was trained: it is the default'
      : 'which loss and optimiser it was trained: both are the defaults'
    output.note(
      `${from} does not say with ${unsaid}, and its slots fresh${nameless ? '. It holds slots: name their optimiser by --optimizer to go on with them' : ''}.`,
    )
  } else if (!optimizer) output.note(`${from} holds no optimiser slots: they start fresh.`)
  else if (own && !nameless) output.note('The optimiser is another one by --optimizer: its slots start fresh.')
  const state = nameless === own ? optimizer : undefined
  if (!trainingConfig || (own && given.loss !== undefined))
    return { files: startFiles(artifact, state), hyperparameters: {} }
  const configured = configuredTraining(trainingConfig)
  const { loss } = configured
  return {
    files: startFiles(artifact, state),
    hyperparameters: own ? { ...(loss !== undefined && { loss }) } : configured,
  }
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
  const file = (path: string) => registry.file(manifest, path)
  const { versionFiles } = await import('@maas/core/contract')
  const { decodeOptimizer } = await import('@maas/core/train')
  const kept = paths.includes(versionFiles.optimizer)
  return {
    artifact: await artifactFromFiles(paths, file),
    optimizer: kept ? decodeOptimizer(await file(versionFiles.optimizer)) : undefined,
  }
}
