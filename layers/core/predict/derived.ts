/** The compiled graph of a version as its derived files: what predict needs so that it loads no tfjs. */
import { createHash } from 'node:crypto'
import { type Manifest, versionFiles } from '@maas/core/contract'
import type { Registry } from '@maas/core/registry'
import type { StoredContent } from '@maas/core/store'
import * as z from 'zod'

/** Raised when what `compileInference` writes gets better or its reader changes: older files are then written anew. */
const format = 2

const files = { graph: 'graph.pb', facts: 'graph.json' }

/** Written after the graph: where it is, the graph is whole. */
const factsSchema = z.object({
  format: z.literal(format),
  sha256: z.string(),
  /** Of the version's own files that the graph was made from. */
  from: z.object({ model: z.string(), weights: z.string() }),
  rowsIndependent: z.boolean(),
})

export interface CompiledGraph {
  readonly graph: Uint8Array
  readonly rowsIndependent: boolean
}

/** Undefined when there is none for these kernels, or it does not fit the version: it is then made again. */
export const readCompiled = async (
  registry: Registry,
  manifest: Manifest,
  kernels: string,
): Promise<CompiledGraph | undefined> => {
  const [graph, text] = await Promise.all(
    [files.graph, files.facts].map((name) => registry.derived(manifest, placeOf(kernels, name))),
  )
  if (graph === undefined || text === undefined) return undefined
  const facts = factsSchema.safeParse(parsed(text))
  if (!facts.success) return undefined
  const { sha256, from, rowsIndependent } = facts.data
  const { model, weights } = sourcesOf(manifest)
  const fits = from.model === model && from.weights === weights && hashOf(graph) === sha256
  return fits ? { graph, rowsIndependent } : undefined
}

/** Nothing to do for a model that runs operation by operation. */
export const writeCompiled = async (
  registry: Registry,
  manifest: Manifest,
  kernels: string,
  {
    graph,
    rowsIndependent,
  }: { readonly graph?: Uint8Array | StoredContent | undefined; readonly rowsIndependent: boolean },
): Promise<boolean> => {
  if (graph === undefined) return false
  const sha256 = graph instanceof Uint8Array ? hashOf(graph) : graph.sha256
  const facts = { format, sha256, from: sourcesOf(manifest), rowsIndependent }
  await registry.putDerived(manifest, placeOf(kernels, files.graph), graph)
  await registry.putDerived(manifest, placeOf(kernels, files.facts), Buffer.from(`${JSON.stringify(facts)}\n`))
  return true
}

const placeOf = (kernels: string, name: string): string => `${kernels}/${name}`

const sourcesOf = ({ files }: Manifest) => {
  const hash = (path: string) => files.find((file) => file.path === path)?.sha256 ?? ''
  return { model: hash(versionFiles.model), weights: hash(versionFiles.weights) }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const parsed = (text: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(text).toString())
  } catch {
    return undefined
  }
}
