/** What may become of a damaged model file: refused in plain words, or accepted as exactly what its own bytes say. */

import { limits } from '@maas/core/contract'
import { InvalidInputError, MaasError } from '@maas/core/errors'
import { decodeLayersJson, readModel, type ServableArtifact } from '@maas/core/formats'
import { unzipSync } from 'fflate'
import { openArchive } from '../../layers/core/formats/container/archive.ts'
import { convertFiles } from '../../layers/core/formats/sandbox/convert.ts'
import { readSavedModel } from '../../layers/core/graph/saved-model.ts'
import { isAllowedOperation } from '../../layers/core/kernels/allowed-operations.ts'
import { canary, type Mutation } from './mutate.ts'

export type Verdict =
  | { readonly kind: 'refused'; readonly code: string }
  /** `same`: the damage was where nothing is read; `different`: the weights or the topology say something else now. */
  | { readonly kind: 'accepted'; readonly how: 'same' | 'different' }
  | { readonly kind: 'wrong'; readonly why: string }

const codes = new Set(['invalid_input', 'unsupported', 'too_large', 'not_found'])

/** How a damaged file is read: as it would be, in a process of its own, or by the same reader without that process. */
export type Read = (path: string, bytes: Uint8Array) => Promise<ServableArtifact>

export const sandboxed: Read = async (path) => (await readModel(path, { timeout: 30_000 })).artifact

/** For archives of graphs and layers only, which no foreign code reads; hundreds of times as fast. */
export const inThisProcess: Read = async (_, bytes) => {
  const started = performance.now()
  const artifact = await convertHere(bytes).catch((error: unknown) => {
    // As the reading process does it.
    throw error instanceof MaasError ? error : new InvalidInputError(`it is damaged: ${(error as Error).message}`)
  })
  if (performance.now() - started > 30_000) throw new InvalidInputError('it could not be read within 30 s')
  return artifact
}

const convertHere = async (bytes: Uint8Array): Promise<ServableArtifact> => {
  const { answer, parts } = convertFiles(await openArchive(Buffer.from(bytes), { maxBytes: limits.modelBytes }))
  if (answer.kind === 'graph') return { graph: parts[0] as Uint8Array }
  if (answer.kind === 'layers') return decodeLayersJson(parts[0] as Uint8Array, parts[1] as Uint8Array)
  throw new InvalidInputError('the damage made a Keras archive of it')
}

export const judge = async (
  path: string,
  mutation: Mutation,
  golden: ServableArtifact,
  read: Read,
): Promise<Verdict> => {
  let artifact: ServableArtifact
  try {
    artifact = await read(path, mutation.bytes)
  } catch (error) {
    if (!(error instanceof MaasError)) return { kind: 'wrong', why: `it threw ${(error as Error)?.stack}` }
    if (!codes.has(error.code)) return { kind: 'wrong', why: `it failed with ${error.code}: ${error.message}` }
    // Damage can send the HDF5 library round in circles; what matters is that its process is ended, in words.
    if (/within \d+ s/.test(error.message)) return { kind: 'refused', code: 'time_limit' }
    if (/\n\s+at /.test(error.message)) return { kind: 'wrong', why: `a stack trace as a message: ${error.message}` }
    if (error.message.includes(canary.content)) return { kind: 'wrong', why: 'a file of the host was read' }
    return { kind: 'refused', code: error.code }
  }
  return judgeAccepted(artifact, mutation, golden)
}

export const judgeAccepted = (artifact: ServableArtifact, mutation: Mutation, golden: ServableArtifact): Verdict => {
  const parts = bytesOf(artifact)
  if (parts.some((part) => part.includes(canary.content))) return { kind: 'wrong', why: 'a file of the host was read' }
  const before = bytesOf(golden)
  if (parts.length === before.length && parts.every((part, at) => part.equals(before[at] as Buffer))) {
    return { kind: 'accepted', how: 'same' }
  }
  const isZip = mutation.bytes[0] === 0x50 && mutation.bytes[1] === 0x4b
  // Every entry has a checksum, and a zip that was damaged as a whole still has its old ones.
  if (isZip && mutation.inside === undefined) return { kind: 'wrong', why: 'damage that a checksum shows was accepted' }
  if (mutation.inside?.startsWith('variables/')) {
    return { kind: 'wrong', why: 'damaged variables, which have checksums, were accepted' }
  }
  if ('graph' in artifact) {
    const foreign = [...readSavedModel(artifact.graph).operations].filter((name) => !isAllowedOperation(name))
    return foreign.length > 0
      ? { kind: 'wrong', why: `operations that are not allowed were accepted: ${foreign}` }
      : { kind: 'accepted', how: 'different' }
  }
  // No format of layers computes weights from anything: each must stand in the file as it is.
  const haystack = isZip ? Buffer.concat(Object.values(unzipSync(mutation.bytes))) : Buffer.from(mutation.bytes)
  const invented = artifact.weights.find(({ data }) => data.length > 0 && !haystack.includes(Buffer.from(data)))
  return invented === undefined
    ? { kind: 'accepted', how: 'different' }
    : { kind: 'wrong', why: `the weight ${invented.name} is not what the file holds` }
}

const bytesOf = (artifact: ServableArtifact): Buffer[] => {
  if ('graph' in artifact) return [Buffer.from(artifact.graph)]
  const { weights, ...rest } = artifact
  const described = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }))
  return [Buffer.from(JSON.stringify({ ...rest, described })), ...weights.map(({ data }) => Buffer.from(data))]
}
