/** Where a training job's things lie in the object store: what api, container and events tell each other. */

export interface JobKeys {
  /** All of the job but its checkpoints lies below it. */
  readonly folder: string
  /** The job document; written once, before the job is queued. */
  readonly spec: string
  /** The job's record; changed by compare-and-swap. */
  readonly status: string
  /** Below it, what the container says about its course: one empty object a phase of an attempt. */
  readonly phases: string
  /** Below it, what the container printed, in pieces that sort by attempt and time. */
  readonly log: string
  /** Below it, the candidate's files. */
  readonly candidate: string
  /** Written last: the candidate is whole. Lists its files. */
  readonly complete: string
  /** Why the job failed, in words. */
  readonly failure: string
  /** Below it, the tokens by which the job's container is known on AWS: one object each, named by the token's hash. */
  readonly grants: string
  /** Below it, the newest checkpoint; a prefix of its own because it is kept for a shorter time than the job. */
  readonly checkpoints: string
}

export const jobKeys = (job: string): JobKeys => ({
  folder: `jobs/${job}/`,
  spec: `jobs/${job}/spec.json`,
  status: `jobs/${job}/status.json`,
  phases: `jobs/${job}/phases/`,
  log: `jobs/${job}/log/`,
  candidate: `jobs/${job}/candidate/`,
  complete: `jobs/${job}/candidate.json`,
  failure: `jobs/${job}/failure.txt`,
  grants: `jobs/${job}/grants/`,
  checkpoints: `checkpoints/${job}/`,
})

/** All jobs, newest first: no job's name begins with an underscore. */
export const jobIndexPrefix = 'jobs/_index/'

/** Prefixes that a job's channels may read; anything else would borrow the container's rights. */
export const dataPrefixes = ['datasets/', 'uploads/'] as const
