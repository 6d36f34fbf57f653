/** What a training job leaves behind beside the files of the version to be; none of it becomes one of them. */
export const candidateFiles = {
  metrics: 'metrics.json',
  lineage: 'lineage.json',
  /** `replayedSchema`: how the golden tensors were replayed where the model was trained. */
  certificate: 'certificate.json',
  /** The compiled graph, where there is one. */
  graph: 'compiled.pb',
} as const
