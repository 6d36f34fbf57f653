/** A training job that takes a moment: two clouds of points that a line parts. */

export const job = 'points-1'

/** CSV. */
export const pointsTable = (): string => {
  const rows = Array.from({ length: 400 }, (_, index) => {
    const [a, b] = [Math.sin(index * 12.9898) * 3, Math.cos(index * 78.233) * 3]
    return `${a.toFixed(4)},${b.toFixed(4)},${a + b > 0 ? 'above' : 'below'}`
  })
  return ['a,b,label', ...rows].join('\n')
}

/** `hyperParameters` beside the preset, the target and the model's name. */
export const pointsJob = (bucket: string, hyperParameters: Readonly<Record<string, string>>) => ({
  TrainingJobName: job,
  HyperParameters: { maas_preset: 'mlp', target: 'label', maas_model_name: 'points', ...hyperParameters },
  InputDataConfig: [
    { ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: `s3://${bucket}/datasets/points.csv` } } },
  ],
  OutputDataConfig: { S3OutputPath: `s3://${bucket}/jobs` },
})
