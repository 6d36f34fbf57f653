/** The command `npm run pack:sdk`: the client as a tarball that npm installs anywhere. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { buildPackage } from './package.ts'

/** Path of the tarball, `maas-VERSION.tgz` in `destination`. */
export const packSdk = async (destination: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-pack-'))
  try {
    await buildPackage(folder)
    const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', destination], {
      cwd: folder,
    })
    const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>)
    if (packed === undefined) throw new Error(`npm pack named no file: ${stdout}`)
    return join(destination, packed.filename)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const help = `Packs the client (ESM, CommonJS, browser, types; no dependencies) as a tarball for npm install.

Usage: npm run pack:sdk -- [--out DIR]

  --out DIR   where it goes; default: the folder this is run in
  --help      show this

Example:
  npm run pack:sdk -- --out /tmp && cd ~/my-app && npm install /tmp/maas-0.1.0.tgz`

const main = async (): Promise<void> => {
  let values: { out: string; help?: boolean }
  try {
    values = parseArgs({ options: { out: { type: 'string', default: '.' }, help: { type: 'boolean' } } }).values
  } catch (error) {
    console.error(`${(error as Error).message.split('. ')[0]}. See --help.`)
    process.exitCode = 2
    return
  }
  if (values.help) return console.log(help)
  console.log(relative(process.cwd(), await packSdk(resolve(values.out))))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
