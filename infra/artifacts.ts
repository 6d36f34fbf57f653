/** Where built kernels and staged functions lie, and what to type when they are not there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativeId } from '@maas/core/contract'
import * as z from 'zod'
import type { Config } from './config.ts'

export type Architecture = Config['architecture']

/** Names of the folders below `functions/`. */
export const zipFunctions = ['api', 'authorizer', 'events', 'check'] as const
export const imageFunctions = ['predict', 'train'] as const

export interface ArtifactFolders {
  /** `dist/` of the repository. */
  readonly root: string
  readonly functions: Readonly<Record<(typeof zipFunctions)[number], string>>
  readonly images: Readonly<Record<(typeof imageFunctions)[number], string>>
  /** What goes below `/opt` of functions on the kernels layer. */
  readonly layer: string
}

export interface Artifacts extends ArtifactFolders {
  /** Id of the kernels in layer and images, as certificates name them. */
  readonly kernels: string
}

export interface KernelFolders {
  readonly opt: string
  readonly layer: string
}

export const artifactsOf = (repository: string, architecture: Architecture): ArtifactFolders => {
  const root = join(repository, 'dist')
  const folders = <T extends string>(kind: string, names: readonly T[]) =>
    Object.fromEntries(names.map((name) => [name, join(root, kind, name)])) as Record<T, string>
  return {
    root,
    functions: folders('functions', zipFunctions),
    images: folders('images', imageFunctions),
    layer: join(repository, 'layers', 'tfjs-node', 'dist', architecture, 'layer'),
  }
}

/** Built kernels for container images; an error says which command builds them. */
export const kernelsOf = (repository: string, architecture: Architecture): KernelFolders => {
  const built = join(repository, 'layers', 'tfjs-node', 'dist', architecture)
  const folders = { opt: join(built, 'opt'), layer: join(built, 'layer') }
  for (const folder of Object.values(folders)) {
    if (!existsSync(folder))
      throw new Error(`${folder} is missing. Run: npm run build:kernels -- --arch ${architecture} --bundle`)
  }
  return folders
}

/** Of the kernels in a layer's folder. */
const manifestSchema = z.object({ tensorflow: z.string(), arch: z.string() })

export const kernelsIn = ({ layer }: Pick<KernelFolders, 'layer'>): string => {
  const { tensorflow, arch } = manifestSchema.parse(readJson(join(layer, 'maas', 'packed', 'manifest.json')))
  return nativeId(tensorflow, arch)
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** What was staged. */
const stampSchema = z.object({ architecture: z.string(), kernels: z.string() })
export type Stamp = z.infer<typeof stampSchema>

/** Written last. */
export const stampOf = ({ root }: ArtifactFolders): string => join(root, 'staged.json')

/** The artifacts, all of them there and for this architecture; otherwise an error with the commands that make them. */
export const readArtifacts = (repository: string, architecture: Architecture): Artifacts => {
  const artifacts = artifactsOf(repository, architecture)
  const fix = `Run: npm run build:kernels -- --arch ${architecture} --bundle && npm run stage`
  if (!existsSync(artifacts.layer)) throw new Error(`${artifacts.layer} is missing. ${fix}`)
  if (!existsSync(stampOf(artifacts))) throw new Error(`Nothing is staged in ${artifacts.root}. ${fix}`)
  const { success, data: staged } = stampSchema.safeParse(readJson(stampOf(artifacts)))
  if (!success) throw new Error(`${artifacts.root} was staged by another version of this repository. ${fix}`)
  if (staged.architecture !== architecture) {
    throw new Error(
      `${artifacts.root} is staged for ${staged.architecture}, the configuration says ${architecture}. ${fix}`,
    )
  }
  return { ...artifacts, kernels: staged.kernels }
}
