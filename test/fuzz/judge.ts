/** What may become of a damaged model file: refused in plain words, or accepted as exactly what its own bytes say. */

import { limits } from '@maas/core/contract'
import { InvalidInputError, MaasError } from '@maas/core/errors'
import {
  decodeLayersJson,
  type KerasReadOptions,
  readKerasArchive,
  readKerasH5,
  readModel,
  type ServableArtifact,
} from '@maas/core/formats'
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

/** How a damaged file is read. */
export type Read = (path: string, bytes: Uint8Array) => Promise<ServableArtifact>

/** As it would be: in a process of its own. */
export const alone: Read = async (path) => (await readModel(path, { timeout: 120_000 })).artifact

/** By the same readers without a process for each file: HDF5 goes to `readHdf5`, which is foreign code behind a wall; the rest stays here. */
export const together =
  (readHdf5: NonNullable<KerasReadOptions['readHdf5']>): Read =>
  async (name, bytes) => {
    const started = process.cpuUsage()
    const artifact = await readAny(bytes, { name, readHdf5 }).catch((error: unknown) => {
      // As the reading process does it.
      throw error instanceof MaasError ? error : new InvalidInputError(`it is damaged: ${(error as Error).message}`)
    })
    const { user, system } = process.cpuUsage(started)
    if (user + system > 60e6) throw new InvalidInputError('it could not be read within 60 s')
    return artifact
  }

const readAny = async (bytes: Uint8Array, options: KerasReadOptions): Promise<ServableArtifact> => {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  if (start === '\x89HDF\r\n\x1a\n') return (await readKerasH5(bytes, options)).artifact
  if (!start.startsWith('PK\x03\x04')) throw new InvalidInputError('it is no model file that can be read')
  const { answer, parts } = convertFiles(await openArchive(Buffer.from(bytes), { maxBytes: limits.modelBytes }))
  if (answer.kind === 'graph') return { graph: parts[0] as Uint8Array }
  if (answer.kind === 'layers') return decodeLayersJson(parts[0] as Uint8Array, parts[1] as Uint8Array)
  return (await readKerasArchive(bytes, options)).artifact
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
