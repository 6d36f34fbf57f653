/** Turns a finished job's candidate into a registered version, and moves the alias when the gate lets it pass. */
import { describeReplay } from '@maas/core/certificate'
import { type Manifest, replayPath } from '@maas/core/contract'
import { writeCompiled } from '@maas/core/predict/derived'
import type { Registry } from '@maas/core/registry'
import { toJson } from '@maas/core/store'
import { checkGate, type GateResult, parseGate } from '@maas/core/train'
import type { Candidate } from './candidate.ts'

export interface RegisterRequest {
  readonly model: string
  readonly job: string
  readonly candidate: Candidate
  readonly alias?: string
  readonly gate?: string
  readonly by: string
  /** Id of the kernels that will serve the version. @default those that the job ran on */
  readonly kernels?: string
}

export interface Registered {
  readonly manifest: Manifest
  readonly gate: GateResult
  /** The alias that now points at the version; absent when none was asked for or the gate held it back. */
  readonly alias?: string
}

const noGate: GateResult = { passed: true, message: 'no gate was set' }

/** The version that an earlier, interrupted attempt registered. */
const registeredBefore = async ({ model, job }: RegisterRequest, registry: Registry): Promise<Manifest | undefined> => {
  const known = (await registry.models()).some(({ name }) => name === model)
  return known ? (await registry.versions(model)).find(({ lineage }) => lineage.job === job) : undefined
}

/** A version whose certificate fails is not served, whatever its metrics say; nor is one that other kernels vouch for, as when they were replaced while the job ran. */
const checkCertificate = ({ candidate, kernels }: RegisterRequest, gate: GateResult): GateResult => {
  const replay = candidate.certified?.replay
  if (replay === undefined || !gate.passed) return gate
  const refuse = (why: string): GateResult => ({ passed: false, message: `${gate.message}; ${why}` })
  if (!replay.passed) return refuse(`the parity certificate ${describeReplay(replay)}`)
  if (kernels === undefined || replay.kernels === kernels) return gate
  return refuse(
    `the parity certificate was replayed on ${replay.kernels}, predictions run on ${kernels} by now: move the alias by hand, which replays it there`,
  )
}

/** What the job found on its own kernels: the first to serve it need neither compile nor replay. */
const storeDerived = async (manifest: Manifest, { certified }: Candidate, registry: Registry): Promise<void> => {
  if (certified === undefined) return
  const { replay, rowsIndependent, graph } = certified
  await writeCompiled(registry, manifest, replay.kernels, { rowsIndependent, graph })
  await registry.putDerived(manifest, replayPath(replay.kernels), toJson(replay))
}

/** The version is registered either way, so that a run held back by its gate can still be looked at. A repeated call registers nothing twice. */
export const registerCandidate = async (request: RegisterRequest, registry: Registry): Promise<Registered> => {
  const { candidate } = request
  const metrics = request.gate === undefined ? noGate : checkGate(parseGate(request.gate), candidate.metrics)
  const gate = checkCertificate(request, metrics)
  const { files, lineage } = candidate
  const version = { files, lineage, metrics: candidate.metrics }
  const manifest = (await registeredBefore(request, registry)) ?? (await registry.register(request.model, version))
  await storeDerived(manifest, candidate, registry)
  if (request.alias === undefined || !gate.passed) return { manifest, gate }
  await registry.setAlias(request.model, request.alias, [{ version: manifest.version, weight: 100 }], {
    by: request.by,
    why: `training job ${request.job}`,
  })
  return { manifest, gate, alias: request.alias }
}
