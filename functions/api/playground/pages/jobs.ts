/** Training jobs: what runs and ran, one of them live, a form that starts one. */
import type { JobDescription, JobList } from '@maas/core/contract'
import { failure, h } from '../dom.ts'
import { when } from '../format.ts'
import { getJson, part, sendJson } from '../service.ts'
import { jobPage } from './job.ts'
import { transformSection } from './transforms.ts'

const presets = ['cifar10-cnn', 'cifar10-cnn-regularized', 'cifar10-cnn-overfit', 'mlp'] as const

const field = (id: string, label: string, input: HTMLElement): HTMLElement => {
  input.id = id
  return h('div', {}, h('label', { for: id }, label), input)
}

/** CreateTrainingJob's fields, filled in from a few questions. */
const starter = (): HTMLElement => {
  const name = h('input', { required: true, maxlength: 63, pattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}' })
  const model = h('input', { required: true, maxlength: 63, pattern: '[a-z0-9][a-z0-9-]{0,62}' })
  const data = h('input', { required: true, placeholder: 'datasets/cifar10.zip', spellcheck: 'false' })
  const preset = h('select', {}, ...presets.map((each) => h('option', {}, each)))
  const epochs = h('input', { type: 'number', min: 1, max: 1000, value: 10 })
  const target = h('input', { maxlength: 200, spellcheck: 'false' })
  const said = h('div', {})
  const start = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    try {
      const { TrainingJobName: job } = await sendJson<JobDescription>('POST', '/training-jobs', {
        TrainingJobName: name.value,
        HyperParameters: {
          ...{ maas_preset: preset.value, maas_model_name: model.value, epochs: epochs.value },
          ...(target.value !== '' && { target: target.value }),
        },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: data.value } } }],
      })
      location.hash = `#/jobs/${part(job)}`
    } catch (error) {
      said.replaceChildren(failure(error))
    }
  }
  return h(
    'details',
    { class: 'card' },
    h('summary', {}, 'Start a job'),
    h(
      'form',
      { submit: start },
      h(
        'div',
        { class: 'fields' },
        field('job-name', 'Name of the job', name),
        field('job-model', 'Model it becomes a version of', model),
        field('job-data', 'Data in the service’s store (npx maas upload)', data),
        field('job-preset', 'Preset', preset),
        field('job-epochs', 'Epochs', epochs),
        field('job-target', 'Column to predict, when the data is a table', target),
      ),
      said,
      h('div', { class: 'buttons' }, h('button', { class: 'primary' }, 'Start')),
    ),
  )
}

export const jobsPage = async (
  main: HTMLElement,
  [job = '']: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  if (job !== '') return jobPage(main, job, signal)
  const { TrainingJobSummaries: jobs, NextToken: more } = await getJson<JobList>('/training-jobs?MaxResults=50', signal)
  main.append(h('h1', {}, 'Training jobs'), starter())
  const transforms = await transformSection(signal)
  if (jobs.length === 0) {
    main.append(h('p', {}, 'None yet.'), transforms)
    return
  }
  main.append(
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Training jobs' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...['job', 'status', 'started'].map((text) => h('th', { scope: 'col' }, text)))),
        h(
          'tbody',
          {},
          ...jobs.map(({ TrainingJobName: name, TrainingJobStatus: status, SecondaryStatus: now, CreationTime: at }) =>
            h(
              'tr',
              {},
              h('td', {}, h('a', { href: `#/jobs/${part(name)}` }, name)),
              h('td', {}, status === 'InProgress' ? now : status),
              h('td', {}, when(at)),
            ),
          ),
        ),
      ),
    ),
    h(
      'p',
      { class: 'soft' },
      more === undefined ? '' : 'Only the newest 50 are shown; GET /training-jobs has all, page by page.',
    ),
    transforms,
  )
}
