/** Who runs jobs: Batch behind a Step Functions workflow, or child processes of this machine. */
import type { JobRecord, TrainingJob } from '../contract/index.ts'

export interface JobRunner {
  /** Throws when no further job is taken now: MaasError `over_quota`. */
  admit(): Promise<void>
  /** Starts the job, or does nothing when it was started before. */
  start(job: TrainingJob): Promise<void>
  /** Makes a job that was asked to stop do so; the record says so already. */
  stop(record: JobRecord): Promise<void>
}
