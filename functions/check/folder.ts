/** The folder by which check and the process that touches the model talk to each other. */
import { join } from 'node:path'

export const folders = (directory: string) => ({
  request: join(directory, 'request.json'),
  files: join(directory, 'files'),
  candidate: join(directory, 'candidate'),
  graph: join(directory, 'graph.pb'),
  /** Written last. */
  result: join(directory, 'result.json'),
})

/** The process's last word, on standard output: its result is there, whole. */
export const finished = 'finished\n'
