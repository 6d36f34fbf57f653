/** Who runs transform jobs: Batch, or processes of this machine. */
import type { TransformRecord, TransformSpec } from '../contract/index.ts'

export interface TransformRunner {
  /** Throws when no further job is taken now: MaasError `over_quota`. */
  admit(): Promise<void>
  /** Starts the job, or does nothing when it was started before. */
  start(spec: TransformSpec): Promise<void>
  /** Makes a job that was asked to stop do so; the record says so already. */
  stop(record: TransformRecord): Promise<void>
}
