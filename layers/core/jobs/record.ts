/** A job's record as a set of facts: adding one is a union, so facts may come twice and in any order. Pure. */
import type { JobFact, JobRecord } from '../contract/index.ts'

/** Facts with the same key say the same; the earliest is kept. */
const keyOf = (fact: JobFact): string => {
  switch (fact.kind) {
    case 'state':
      return `state/${fact.id}/${fact.attempt}/${fact.state}`
    case 'phase':
      return `phase/${fact.attempt}/${fact.phase}`
    case 'stop':
      return 'stop'
    case 'end':
      return `end/${fact.outcome}`
  }
}

/** By time; what happened at the same moment in the order of its name, so that every order of arrival gives one result. */
export const byTime = (a: JobFact, b: JobFact): number =>
  Date.parse(a.at) - Date.parse(b.at) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

export const mergeFacts = (facts: readonly JobFact[]): JobFact[] => {
  const kept = new Map<string, JobFact>()
  for (const fact of facts.toSorted(byTime)) if (!kept.has(keyOf(fact))) kept.set(keyOf(fact), fact)
  return [...kept.values()]
}

/** Undefined when the record knows them already. */
export const withFacts = (record: JobRecord, facts: readonly JobFact[]): JobRecord | undefined => {
  const known = new Set(record.facts.map(keyOf))
  if (facts.every((fact) => known.has(keyOf(fact)))) return undefined
  return { ...record, facts: mergeFacts([...record.facts, ...facts]) }
}

type End = Extract<JobFact, { kind: 'end' }>
type State = Extract<JobFact, { kind: 'state' }>

/**
 * How the job ended; undefined while it goes on.
 * Completed is only ever written after the version was registered, so it outweighs a later failure of what surrounds the job;
 * a container that failed after a stop was asked for has been stopped.
 */
export const endOf = ({ facts }: Pick<JobRecord, 'facts'>): End | undefined => {
  const ends = facts.filter((fact): fact is End => fact.kind === 'end')
  const completed = ends.find(({ outcome }) => outcome === 'Completed')
  if (completed) return completed
  const failed = facts.find((fact): fact is State => fact.kind === 'state' && fact.state === 'FAILED')
  const end = ends.find(({ outcome }) => outcome === 'Stopped') ?? ends[0]
  if (end === undefined && failed === undefined) return undefined
  const ending: End = end ?? {
    kind: 'end',
    at: failed?.at ?? '',
    outcome: 'Failed',
    ...(failed?.reason !== undefined && { reason: failed.reason }),
  }
  const stopped = facts.some((fact) => fact.kind === 'stop' && Date.parse(fact.at) <= Date.parse(ending.at))
  return stopped && ending.outcome === 'Failed' ? { kind: 'end', at: ending.at, outcome: 'Stopped' } : ending
}

/** Number of the newest attempt that began; 0 before the first. */
export const lastAttempt = (facts: readonly JobFact[]): number =>
  Math.max(0, ...facts.map((fact) => ('attempt' in fact ? fact.attempt : 0)))

/** Id of the run that the newest state is about. */
export const runIdOf = (facts: readonly JobFact[]): string | undefined =>
  facts
    .filter((fact): fact is State => fact.kind === 'state')
    .toSorted(byTime)
    .at(-1)?.id
