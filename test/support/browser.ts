/** A real Chromium for tests of pages; absent where it is not installed. */
import { type Browser, chromium } from 'playwright-core'
import { findAptTool } from '../tools/apt.mjs'

export const chromiumPath = findAptTool('chromium')

/** Why page tests are left out, for their skip. */
export const noChromium = 'chromium is not installed: apt-get install chromium, or name it in MAAS_CHROMIUM'

export const startBrowser = (): Promise<Browser> => {
  if (chromiumPath === undefined) throw new Error(noChromium)
  return chromium.launch({
    executablePath: chromiumPath,
    // Root has no sandbox of Chromium's; nothing but our own pages is opened, and nothing else is asked for.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
}
