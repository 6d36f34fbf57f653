/** The command `npm run screenshots`: every page of the playground on a registry of yours, in light, in dark and as on a phone. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startService } from '@maas/local'
import type { Page } from 'playwright-core'
import { storeDirectory } from '../../sdk/src/cli/target.ts'
import { chromiumPath, noChromium, startBrowser } from '../support/browser.ts'
import { shots } from './pages.ts'
import { type Forms, sheetOf } from './sheet.ts'

const help = `Take screenshots of every page of the playground, for people to look at.

Usage: npm run screenshots -- --root DIR --model NAME --data KEY --picture FILE --output DIR [--only NAMES]

  --root DIR      a registry: NAME in it with two trained versions and an alias, KEY in its store. A job and a transform are added
  --model NAME    the model to show
  --data KEY      a data set to train on, e.g. datasets/birds.zip (npx maas upload)
  --picture FILE  an image to classify
  --output DIR    gets NAME.light.png, NAME.dark.png, NAME.phone.png and, of the three together, NAME.webp
  --only NAMES    some of ${Object.keys(shots).join(',')}`

const forms = {
  light: { width: 1200, height: 800, colorScheme: 'light' },
  dark: { width: 1200, height: 800, colorScheme: 'dark' },
  phone: { width: 390, height: 780, colorScheme: 'light' },
} as const

const shoot = async (page: Page, { width, height, colorScheme }: (typeof forms)[keyof typeof forms]) => {
  await page.emulateMedia({ colorScheme })
  await page.setViewportSize({ width, height })
  await page.evaluate(() => scrollTo(0, 0))
  // What dims the page behind a question reaches as far as the window.
  return page.screenshot({ fullPage: (await page.locator('dialog[open]').count()) === 0 })
}

const main = async (): Promise<number> => {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      root: text,
      model: text,
      data: text,
      picture: text,
      output: text,
      only: text,
      help: { type: 'boolean' },
    },
  })
  const { root, model, data, picture, output, only } = values
  if (values.help || !root || !model || !data || !picture || !output) {
    console.log(help)
    return values.help ? 0 : 2
  }
  if (chromiumPath === undefined) {
    console.error(noChromium)
    return 1
  }
  await mkdir(output, { recursive: true })
  const service = await startService({ root: storeDirectory(root), port: 0, log: () => {} })
  const browser = await startBrowser()
  try {
    const page = await browser.newPage({ viewport: forms.light })
    const wanted = only?.split(',')
    for (const [name, prepare] of Object.entries(shots)) {
      if (wanted && !wanted.includes(name)) continue
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(forms.light)
      await prepare({ page, url: service.url, model, picture, data })
      const taken: Forms = {
        light: await shoot(page, forms.light),
        dark: await shoot(page, forms.dark),
        phone: await shoot(page, forms.phone),
      }
      for (const [form, png] of Object.entries(taken)) await writeFile(join(output, `${name}.${form}.png`), png)
      await writeFile(join(output, `${name}.webp`), await sheetOf(taken))
      console.log(name)
    }
    return 0
  } finally {
    await browser.close()
    await service.close()
  }
}

process.exitCode = await main()
