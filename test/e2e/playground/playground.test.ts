/** The playground in real Chromium: what a person sees, types and clicks, and nothing that a stranger's text could do to them. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AxeBuilder } from '@axe-core/playwright'
import { createObjectKeys, issueKey } from '@maas/core/keys'
import { createFileStore } from '@maas/core/store'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chromiumPath, noChromium, startBrowser } from '../../support/browser.ts'
import { pointsTable } from '../../support/points.ts'
import { makeRegistry, rowsOf, runService } from '../serve/running.ts'

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const history = {
  epochs: [
    { loss: 1, val_loss: 0.9, accuracy: 0.5, val_accuracy: 0.55 },
    { loss: 0.5, val_loss: 0.6, accuracy: 0.8, val_accuracy: 0.7 },
  ],
  bestEpoch: 2,
  notices: [{ level: 'warning', code: 'x', message: '<img src=x onerror="window.hacked=1">' }],
}
const report = '<!doctype html><h1>Report</h1><script>parent.hacked = 1</script><img src=x onerror="parent.hacked=1">'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let browser: Browser
let context: BrowserContext
let page: Page
/** What the page asked for, did wrong or had refused. */
let outside: string[]
let errors: string[]

const picture = async () => ({
  name: `a 'quoted' name.png`,
  mimeType: 'image/png',
  buffer: await sharp({ create: { width: 8, height: 8, channels: 3, background: '#c33' } })
    .png()
    .toBuffer(),
})

/** What a command prints in a folder that holds the file. */
const runBeside = async (file: Awaited<ReturnType<typeof picture>>, command: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-playground-'))
  try {
    await writeFile(join(folder, file.name), file.buffer)
    return (await promisify(execFile)('sh', ['-c', command], { cwd: folder })).stdout
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe.skipIf(chromiumPath === undefined)(
  `the playground${chromiumPath === undefined ? ` (${noChromium})` : ''}`,
  () => {
    beforeAll(async () => {
      registry = await makeRegistry({ 'history.json': json(history), 'report.html': Buffer.from(report) })
      service = await runService({ root: registry.root })
      browser = await startBrowser()
    })
    afterAll(async () => {
      await browser?.close()
      await service?.close()
      await registry?.remove()
    })
    beforeEach(async () => {
      await context?.close()
      context = await browser.newContext({ viewport: { width: 390, height: 800 } })
      page = await context.newPage()
      outside = []
      errors = []
      page.on('request', (request) => {
        if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(service.url)) outside.push(request.url())
      })
      page.on('pageerror', (error) => errors.push(error.message))
    })

    const open = async (path: string, heading: string): Promise<void> => {
      await page.goto(`${service.url}${path === '/docs' ? path : `/#${path}`}`)
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    }

    it('classifies a picture, and shows the request as a curl command that answers the same', async () => {
      await open('/try/tiny/production', 'Try a model')
      await page.getByLabel('Drop, paste or choose').setInputFiles(await picture())
      await page.locator('.bars li').first().waitFor()
      const shown = await page.locator('.bars .label').allTextContents()
      expect([...shown].sort()).toEqual(['cat', 'dog', 'eel'])
      await page.getByText('The same as curl').click()
      const command = await page.locator('section pre').last().textContent()
      expect(command).toContain(`curl '${service.url}/v1/models/tiny/labels/production:classify'`)
      expect(command).toContain(`--data-binary @'a '\\''quoted'\\'' name.png'`)
      const { results } = JSON.parse(await runBeside(await picture(), command ?? '')) as {
        results: [string, number][][]
      }
      expect(results[0]?.map(([label]) => label)).toEqual(shown)
      expect([outside, errors]).toEqual([[], []])
    })

    it('compares two versions on the same JSON', async () => {
      await open('/try/tiny/1', 'Try a model')
      await page.getByLabel('Compare with').selectOption('2')
      await page.getByLabel('JSON', { exact: true }).check()
      // Of zeros both make nothing.
      await page.getByLabel(/^JSON body/).fill(JSON.stringify({ instances: rowsOf(1) }))
      await page.getByRole('button', { name: 'Ask' }).click()
      await page.locator('.answers section').nth(1).locator('.bars').waitFor()
      const answers = page.locator('.answers section')
      expect(await answers.locator('.pill').allTextContents()).toEqual(['version 1', 'version 2'])
      const [first = '', second = ''] = await answers.locator('.bars').allTextContents()
      expect(first).not.toBe(second)
      const best = await answers.locator('.bars li:first-child .label').allTextContents()
      await expect
        .poll(() => page.locator('.verdict').textContent())
        .toContain(best[0] === best[1] ? `Both say ${best[0]}` : `They differ: ${best[0]}`)
    })

    it('takes a picture that is dropped, and says what it does not take', async () => {
      await open('/try/tiny/1', 'Try a model')
      const { name, mimeType, buffer } = await picture()
      const drop = async (file: { name: string; type: string; base64: string }): Promise<void> => {
        const dataTransfer = await page.evaluateHandle(({ name, type, base64 }) => {
          const transfer = new DataTransfer()
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
          transfer.items.add(new File([bytes], name, { type }))
          return transfer
        }, file)
        await page.locator('#picture').dispatchEvent('drop', { dataTransfer })
      }
      await drop({ name: 'notes.txt', type: 'text/plain', base64: 'aGk=' })
      expect(await page.getByRole('alert').textContent()).toContain('notes.txt is no picture')
      await drop({ name, type: mimeType, base64: buffer.toString('base64') })
      await page.locator('.bars li').first().waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)
    })

    it('draws with a pointer and classifies the drawing', async () => {
      await open('/try/tiny', 'Try a model')
      await page.getByLabel('Drawing').first().check()
      const box = await page.locator('canvas').boundingBox()
      if (box === null) throw new Error('no canvas')
      await page.mouse.move(box.x + 50, box.y + 50)
      await page.mouse.down()
      await page.mouse.move(box.x + 200, box.y + 200, { steps: 5 })
      await page.mouse.up()
      await page.locator('.bars li').first().waitFor()
      expect(errors).toEqual([])
    })

    it('says in the service’s own words what is wrong with an input', async () => {
      await open('/try/tiny/1', 'Try a model')
      await page.getByLabel('JSON', { exact: true }).check()
      await page.getByLabel(/^JSON body/).fill('{"instances": [[1, 2]]}')
      await page.getByRole('button', { name: 'Ask' }).click()
      await expect.poll(() => page.getByRole('alert').textContent()).toContain('in all the shape [any, 8, 8, 3]')
    })

    it('moves an alias by keyboard alone, after asking, and keeps the reason', async () => {
      await open('/models/tiny', 'tiny')
      await page.getByRole('button', { name: 'Move production…' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.getByLabel('To', { exact: true }).selectOption('2')
      await page.getByLabel('Why (kept in the history)').focus()
      await page.keyboard.type('better on the test set')
      await page.keyboard.press('Enter')
      await expect
        .poll(async () => (await registry.registry.alias('tiny', 'production')).targets)
        .toEqual([{ version: 2, weight: 100 }])
      expect((await registry.registry.alias('tiny', 'production')).history.at(-1)?.why).toBe('better on the test set')
      await page.getByRole('button', { name: 'Roll production back…' }).click()
      await page.getByRole('button', { name: 'Roll it back' }).click()
      await expect
        .poll(async () => (await registry.registry.alias('tiny', 'production')).targets)
        .toEqual([{ version: 1, weight: 100 }])
    })

    it('leaves an alias alone when the question is answered with Escape', async () => {
      const before = await registry.registry.alias('tiny', 'production')
      await open('/models/tiny', 'tiny')
      await page.getByRole('button', { name: 'Move production…' }).click()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(await registry.registry.alias('tiny', 'production')).toEqual(before)
    })

    it('shows curves and reports, and runs nothing of what they say', async () => {
      await open('/models/tiny', 'tiny')
      await page.getByRole('button', { name: 'Learning curves' }).first().click()
      await page.getByRole('img', { name: /^loss over 2 epochs/ }).waitFor()
      expect(await page.locator('.notice.warning').textContent()).toContain('<img src=x onerror')
      await page.getByRole('button', { name: 'Evaluation report' }).first().click()
      await page.frameLocator('iframe').getByRole('heading', { name: 'Report' }).waitFor()
      expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
      expect(outside).toEqual([])
    })

    it('starts a training job, shows it live, and leads to the version it became', async () => {
      const errand = `points-${Date.now()}`
      await createFileStore(registry.root).put('datasets/points.csv', new TextEncoder().encode(pointsTable()))
      await open('/jobs', 'Training jobs')
      await page.getByText('Start a job').click()
      await page.getByLabel('Name of the job').fill(errand)
      await page.getByLabel('Model it becomes').fill('points')
      await page.getByLabel('Data in the').fill('datasets/points.csv')
      await page.getByLabel('Preset').selectOption('mlp')
      await page.getByLabel('Epochs').fill('3')
      await page.getByLabel('Column to predict').fill('label')
      await page.getByRole('button', { name: 'Start', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: errand }).waitFor()
      // Drawn from events while it runs, before the page knows how it ended.
      await page.getByRole('img', { name: /^loss over \d epochs?/ }).waitFor({ timeout: 90_000 })
      await page.getByText(/^Training ended/).waitFor({ timeout: 90_000 })
      await page.getByRole('link', { name: 'points version 1' }).waitFor({ timeout: 30_000 })
      await page.getByRole('link', { name: 'points version 1' }).click()
      await page.getByRole('heading', { level: 1, name: 'points' }).waitFor()
      expect([outside, errors]).toEqual([[], []])
    })

    it('stops a training job after asking', async () => {
      await open('/jobs', 'Training jobs')
      await page.getByText('Start a job').click()
      await page.getByLabel('Name of the job').fill('endless')
      await page.getByLabel('Model it becomes').fill('points')
      await page.getByLabel('Data in the').fill('datasets/points.csv')
      await page.getByLabel('Preset').selectOption('mlp')
      await page.getByLabel('Epochs').fill('1000')
      await page.getByLabel('Column to predict').fill('label')
      await page.getByRole('button', { name: 'Start', exact: true }).click()
      await page.getByRole('button', { name: 'Stop it…' }).click()
      await page.getByRole('button', { name: 'Stop it', exact: true }).click()
      await page.getByText('Stopped', { exact: true }).waitFor({ timeout: 60_000 })
      expect([outside, errors]).toEqual([[], []])
    })

    it('asks for a key where the service wants one, and works with it', async () => {
      const guarded = await runService({ root: registry.root, keys: true })
      try {
        const keys = createObjectKeys(createFileStore(registry.root))
        const { key } = await issueKey(
          keys,
          { name: 'page', rights: ['data', 'control'] },
          { random: randomBytes(32), now: Date.now() },
        )
        await page.goto(guarded.url)
        await page.getByRole('button', { name: 'Give a key…' }).click()
        await page.getByRole('textbox', { name: 'Key' }).fill(key)
        await page.getByRole('button', { name: 'Use it' }).click()
        await page.getByRole('link', { name: 'tiny', exact: true }).waitFor()
        await page.getByRole('button', { name: 'API key set' }).waitFor()
      } finally {
        await guarded.close()
      }
    })

    it.each([
      ['/', 'Models'],
      ['/models/tiny', 'tiny'],
      ['/try/tiny', 'Try a model'],
      ['/jobs', 'Training jobs'],
      ['/docs', 'HTTP reference'],
    ])('%s has no serious finding of axe, light or dark, and fits a phone', async (path, heading) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await open(path, heading)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      }
    })

    it('axe finds a serious fault when one is put there', async () => {
      await open('/try/tiny', 'Try a model')
      await page.evaluate(() => document.querySelector('label[for=model]')?.remove())
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id }) => id)).toContain('label')
    })

    it('may not be framed, and may load from nowhere else', async () => {
      const { headers } = await fetch(service.url)
      const policy = headers.get('content-security-policy')
      expect(policy).toContain("default-src 'none'; script-src 'self';")
      expect(policy).toContain("frame-ancestors 'none'")
    })
  },
)
