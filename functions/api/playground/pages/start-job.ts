/** The form that starts a training job: CreateTrainingJob's fields, filled in from a few questions. */
import type { JobDescription, presetNames } from '@maas/core/contract'
import { askFor, field } from '../dialog.ts'
import { h } from '../dom.ts'
import { part, sendJson } from '../service.ts'

const presets: Readonly<Record<(typeof presetNames)[number], string>> = {
  'cifar10-cnn': 'images',
  'cifar10-cnn-regularized': 'images',
  'cifar10-cnn-overfit': 'images',
  mlp: 'tables',
}

export const startJob = (): void => {
  const name = h('input', { required: true, maxlength: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' })
  const model = h('input', { required: true, maxlength: 63, pattern: '[a-z0-9][a-z0-9-]{0,62}' })
  const data = h('input', { required: true, placeholder: 'datasets/cifar10.zip', spellcheck: 'false' })
  const preset = h(
    'select',
    {},
    ...Object.entries(presets).map(([value, words]) => h('option', { value }, `${value} (${words})`)),
  )
  const epochs = h('input', { type: 'number', min: 1, max: 1000, value: 10 })
  const target = h('input', { maxlength: 200, spellcheck: 'false' })
  askFor({
    id: 'job-title',
    title: 'Start a training job',
    content: [
      field('job-name', 'Name of the job', name),
      field('job-model', 'Model it becomes a version of', model),
      field('job-data', 'Data in the service’s store', data, [
        h('code', {}, 'npx maas upload FILE'),
        ' puts it there.',
      ]),
      field('job-preset', 'Preset', preset),
      field('job-epochs', 'Epochs', epochs),
      field('job-target', 'Column to predict', target, 'Only for data that is a table.'),
    ],
    confirm: 'Start',
    run: async () => {
      const { TrainingJobName: job } = await sendJson<JobDescription>('POST', '/training-jobs', {
        TrainingJobName: name.value,
        HyperParameters: {
          maas_preset: preset.value,
          maas_model_name: model.value,
          epochs: epochs.value,
          ...(target.value !== '' && { target: target.value }),
        },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: data.value } } }],
      })
      location.hash = `#/jobs/${part(job)}`
    },
  })
}
