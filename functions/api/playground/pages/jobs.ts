/** Training jobs: what runs and ran, one of them live, a form that starts one; below them transform jobs. */
import type { JobList } from '@maas/core/contract'
import { h } from '../dom.ts'
import { empty, pageHead, statusPill, table, time } from '../parts.ts'
import { getJson, part } from '../service.ts'
import { jobPage } from './job.ts'
import { startJob } from './start-job.ts'
import { transformSection } from './transforms.ts'

export const jobsPage = async (
  main: HTMLElement,
  [job = '']: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  if (job !== '') return jobPage(main, job, signal)
  const [{ TrainingJobSummaries: jobs, NextToken: more }, transforms] = await Promise.all([
    getJson<JobList>('/training-jobs?MaxResults=50', signal),
    transformSection(signal),
  ])
  main.append(
    pageHead({
      title: 'Training jobs',
      actions: [h('button', { type: 'button', class: 'primary', click: startJob }, 'Start a job…')],
    }),
    jobs.length === 0
      ? empty(
          h('p', {}, 'None yet. Start one here, or in a terminal:'),
          h('pre', {}, 'npx maas train --remote --data FILE --name NAME'),
        )
      : table(
          'Training jobs',
          ['job', 'status', 'started'],
          jobs.map(({ TrainingJobName: name, TrainingJobStatus: status, SecondaryStatus: now, CreationTime: at }) => [
            h('a', { href: `#/jobs/${part(name)}` }, name),
            statusPill(status, now),
            time(at),
          ]),
        ),
    ...(more === undefined
      ? []
      : [h('p', { class: 'soft' }, 'Only the newest 50 are shown; GET /training-jobs has all, page by page.')]),
    transforms,
  )
}
