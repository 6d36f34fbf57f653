/** Turns a finished job's candidate into a registered version, and moves the alias when the gate lets it pass. */
import type { Lineage, Manifest } from '@maas/core/contract'
import type { Registry } from '@maas/core/registry'
import { checkGate, type GateResult, parseGate } from '@maas/core/train'

/** What a training job leaves behind: files by name, headline metrics and lineage. */
export interface Candidate {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly metrics: Readonly<Record<string, number>>
  readonly lineage: Lineage
}

export interface RegisterRequest {
  readonly model: string
  readonly job: string
  readonly candidate: Candidate
  readonly alias?: string
  readonly gate?: string
  readonly by: string
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

/** The version is registered either way, so that a run held back by its gate can still be looked at. A repeated call registers nothing twice. */
export const registerCandidate = async (request: RegisterRequest, registry: Registry): Promise<Registered> => {
  const gate = request.gate === undefined ? noGate : checkGate(parseGate(request.gate), request.candidate.metrics)
  const manifest =
    (await registeredBefore(request, registry)) ?? (await registry.register(request.model, request.candidate))
  if (request.alias === undefined || !gate.passed) return { manifest, gate }
  await registry.setAlias(request.model, request.alias, [{ version: manifest.version, weight: 100 }], {
    by: request.by,
    why: `training job ${request.job}`,
  })
  return { manifest, gate, alias: request.alias }
}
