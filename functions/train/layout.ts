/** Where a training container finds its input and leaves its output, below its base folder (`/opt/ml`). */
import { join } from 'node:path'

export interface Layout {
  readonly base: string
  /** The whole job document, when whoever prepared the folder had one. */
  readonly job: string
  readonly hyperparameters: string
  readonly inputDataConfig: string
  readonly resourceConfig: string
  /** A topology too long for a hyperparameter. */
  readonly topology: string
  /** Folder of the model that training starts from, when it does not start anew. */
  readonly start: string
  readonly channel: (name: string) => string
  readonly checkpoints: string
  /** The candidate: absent, or whole. */
  readonly model: string
  /** Why the job failed, in words. */
  readonly failure: string
}

export const layoutOf = (base: string): Layout => ({
  base,
  job: join(base, 'input', 'config', 'job.json'),
  hyperparameters: join(base, 'input', 'config', 'hyperparameters.json'),
  inputDataConfig: join(base, 'input', 'config', 'inputdataconfig.json'),
  resourceConfig: join(base, 'input', 'config', 'resourceconfig.json'),
  topology: join(base, 'input', 'config', 'topology.json'),
  start: join(base, 'input', 'config', 'start'),
  channel: (name) => join(base, 'input', 'data', name),
  checkpoints: join(base, 'checkpoints'),
  model: join(base, 'model'),
  failure: join(base, 'output', 'failure'),
})
