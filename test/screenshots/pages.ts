/** What a visitor does before each screenshot of the playground. */
import type { Page } from 'playwright-core'

export interface Visit {
  readonly page: Page
  /** Of the service. */
  readonly url: string
  /** A model with learning curves and two versions at least. */
  readonly model: string
  /** Image files. */
  readonly picture: string
  /** A data set in the store, to train on and to predict. */
  readonly data: string
}

const open = async ({ page, url }: Visit, path: string, heading: string): Promise<void> => {
  await page.goto(`${url}/#${path}`)
  // The same page again is no navigation.
  await page.reload()
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

const ask = async (visit: Visit, path: string): Promise<void> => {
  const { page, picture } = visit
  await open(visit, path, 'Try a model')
  await page.getByLabel('Drop, paste or choose').setInputFiles(picture)
}

const showOfVersion = async (visit: Visit, button: string): Promise<void> => {
  const { page, model } = visit
  await open(visit, `/models/${model}`, model)
  await page.getByRole('button', { name: button }).first().click()
}

const jobName = (model: string): string => `${model}-shown`

/** In this order: later ones build on what earlier ones did. */
export const shots: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  models: (visit) => open(visit, '/', 'Models'),
  model: async (visit) => {
    await showOfVersion(visit, 'Learning curves')
    await visit.page.locator('.curves svg').first().waitFor()
  },
  report: async (visit) => {
    await showOfVersion(visit, 'Evaluation report')
    await visit.page.frameLocator('iframe').locator('svg').first().waitFor()
  },
  move: async (visit) => {
    await open(visit, `/models/${visit.model}`, visit.model)
    await visit.page
      .getByRole('button', { name: /^Move / })
      .first()
      .click()
    await visit.page.getByRole('dialog').waitFor()
  },
  try: (visit) => open(visit, `/try/${visit.model}`, 'Try a model'),
  classify: async (visit) => {
    await ask(visit, `/try/${visit.model}`)
    await visit.page.locator('.bars li').first().waitFor()
    await visit.page.getByText('The same as curl').click()
  },
  compare: async (visit) => {
    const { page } = visit
    await open(visit, `/try/${visit.model}/1`, 'Try a model')
    await page.getByLabel('Compare with').selectOption('2')
    await page.getByLabel('Drop, paste or choose').setInputFiles(visit.picture)
    await page.locator('.verdict:not([hidden])').waitFor()
  },
  drawing: async (visit) => {
    const { page } = visit
    await open(visit, `/try/${visit.model}`, 'Try a model')
    await page.getByLabel('Drawing').first().check()
    const box = await page.locator('canvas').boundingBox()
    if (box === null) throw new Error('The page has no canvas.')
    await page.mouse.move(box.x + 90, box.y + 60)
    await page.mouse.down()
    for (const [x, y] of [
      [190, 60],
      [140, 220],
    ] as const)
      await page.mouse.move(box.x + x, box.y + y, { steps: 12 })
    await page.mouse.up()
    await page.locator('.bars li').first().waitFor()
  },
  refused: async (visit) => {
    const { page } = visit
    await open(visit, `/try/${visit.model}/1`, 'Try a model')
    await page.getByLabel('JSON', { exact: true }).check()
    await page.getByLabel(/^JSON body/).fill('{"instances": [[1, 2]]}')
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('alert').waitFor()
  },
  start: async (visit) => {
    const { page, model, data } = visit
    await open(visit, '/jobs', 'Training jobs')
    await page.getByText('Start a job').click()
    await page.getByLabel('Name of the job').fill(jobName(model))
    await page.getByLabel('Model it becomes').fill(model)
    await page.getByLabel('Data in the').fill(data)
    await page.getByLabel('Epochs').fill('4')
  },
  training: async (visit) => {
    // Goes on from the form.
    await visit.page.getByRole('button', { name: 'Start', exact: true }).click()
    await visit.page.getByRole('img', { name: /^loss over ([2-9]|\d\d) epochs/ }).waitFor({ timeout: 300_000 })
  },
  trained: async (visit) => {
    await open(visit, `/jobs/${jobName(visit.model)}`, jobName(visit.model))
    await visit.page.getByText(/^Training ended/).waitFor({ timeout: 300_000 })
    await visit.page.getByRole('link', { name: / version \d+$/ }).waitFor({ timeout: 60_000 })
  },
  jobs: async (visit) => {
    const { url, model, data, page } = visit
    await fetch(`${url}/transform-jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        TransformJobName: `${model}-predicted`,
        ModelName: model,
        TransformInput: { DataSource: { S3DataSource: { S3Uri: data } } },
      }),
    })
    await open(visit, '/jobs', 'Training jobs')
    await page
      .getByText(/inputs/)
      .first()
      .waitFor({ timeout: 60_000 })
  },
  docs: async ({ page, url }) => {
    await page.goto(`${url}/docs`)
    await page.locator('.route > summary').nth(1).click()
  },
}
