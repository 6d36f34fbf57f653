/** The model of a folder into the container's own registry: found, vetted, stored with its compiled graph. */
import { type RunChild, vetFile } from '@maas/check'
import { describeReplay } from '@maas/core/certificate'
import { replayPath } from '@maas/core/contract'
import { UnsupportedError } from '@maas/core/errors'
import { writeCompiled } from '@maas/core/predict/derived'
import type { Registry } from '@maas/core/registry'
import { toJson } from '@maas/core/store'
import manifestOfPackage from '../package.json' with { type: 'json' }
import { findModel } from './find-model.ts'

export interface Folder {
  /** Where the model lies. */
  readonly models: string
  readonly name: string
  readonly temporary: string
  readonly run: RunChild
}

/** A sentence about what is served. UnsupportedError with the reason when the model is refused. */
export const registerFolder = async ({ models, name, temporary, run }: Folder, registry: Registry): Promise<string> => {
  const found = await findModel(models)
  const { verdict, files, graph } = await vetFile(
    {
      model: name,
      directory: found.directory,
      file: found.file,
      ...(found.labels && { labels: [...found.labels] }),
      ...(found.preprocess && { preprocess: found.preprocess }),
    },
    { run, temporary },
  )
  const { certificate, error, kernels, metrics } = verdict
  if (error !== undefined) throw new UnsupportedError(`${found.file} in ${found.directory}: ${error.message}`)
  const manifest = await registry.register(name, {
    files,
    metrics,
    lineage: { source: 'import', file: found.file, code: `maas ${manifestOfPackage.version}`, kernels },
  })
  if (graph !== undefined && verdict.graph !== undefined)
    await writeCompiled(registry, manifest, kernels, { graph, ...verdict.graph })
  if (certificate !== undefined) await registry.putDerived(manifest, replayPath(kernels), toJson(certificate))
  const parity = certificate === undefined ? 'no parity certificate' : describeReplay(certificate)
  return `${found.file} is served as "${name}" (${verdict.conversion?.source ?? 'model'}); ${parity}`
}
