/** The command `npm run stage`: lays out in `dist/` what the stacks deploy, so that synthesis only names folders. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import {
  type Architecture,
  artifactsOf,
  imageFunctions,
  kernelsIn,
  kernelsOf,
  type Stamp,
  stampOf,
  zipFunctions,
} from './artifacts.ts'
import { bundle, checkPrograms, repository as root, servePrograms } from './bundle.ts'
import { readConfig } from './config.ts'

const code = (path: string): string => join(root, path)

/** Hard links: six hundred megabytes are not copied for each image. */
const linkFolder = (from: string, to: string): void =>
  cpSync(from, to, {
    recursive: true,
    filter: (source) => {
      const target = join(to, relative(from, source))
      if (!source.startsWith(from) || existsSync(target)) return true
      try {
        linkSync(source, target)
        return false
      } catch {
        return true
      }
    },
  })

const versionOf = (name: string): string => {
  const { packages } = JSON.parse(readFileSync(code('package-lock.json'), 'utf8'))
  return packages[`node_modules/${name}`].version
}

/** sharp for the machine that will run the image, at the version of the lockfile; npm's own settings apply. */
const installSharp = (directory: string, architecture: Architecture): void => {
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies: { sharp: versionOf('sharp') } }),
  )
  const target = ['--os=linux', `--cpu=${architecture}`, '--libc=glibc']
  const args = ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock', ...target]
  const { status, stderr } = spawnSync('npm', args, { cwd: directory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm could not install sharp for ${architecture}:\n${stderr}`)
}

/** Entries of each image, by the name their bundle gets. */
const images = {
  predict: { handler: 'functions/predict/handler.ts', ...servePrograms, ...checkPrograms },
  train: { batch: 'functions/train/batch.ts', main: 'functions/train/main.ts' },
} as const

const stageImage = async (name: keyof typeof images, context: string, kernels: string): Promise<void> => {
  const app = join(context, 'app')
  mkdirSync(app, { recursive: true })
  if (name === 'train') mkdirSync(join(context, 'ml'))
  cpSync(code(`functions/${name}/Dockerfile`), join(context, 'Dockerfile'))
  if (name === 'predict') cpSync(code('functions/predict/entrypoint.sh'), join(app, 'entrypoint.sh'))
  linkFolder(kernels, join(context, 'opt'))
  for (const [entry, path] of Object.entries(images[name])) await bundle(path, join(app, `${entry}.mjs`))
  installSharp(app, architecture)
}

/** By path, as a program: infra imports no function's code. */
const buildPlayground = (folder: string): void => {
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', code('functions/api/stage-playground.ts'), folder],
    {
      stdio: 'inherit',
    },
  )
  if (status !== 0) throw new Error('The playground could not be built; see above.')
}

const cdk = JSON.parse(readFileSync(code('cdk.json'), 'utf8'))
const { architecture } = readConfig(cdk.context?.maas)
const artifacts = artifactsOf(root, architecture)
const kernels = kernelsOf(root, architecture)
rmSync(artifacts.root, { recursive: true, force: true })
for (const name of zipFunctions)
  await bundle(`functions/${name}/handler.ts`, join(artifacts.functions[name], 'index.mjs'))
// Other entrances of the same code.
await bundle('functions/api/keys-handler.ts', join(artifacts.functions.api, 'keys.mjs'))
await bundle('functions/events/credentials-handler.ts', join(artifacts.functions.events, 'credentials.mjs'))
buildPlayground(join(artifacts.functions.api, 'playground'))
// Programs that check starts: one that touches a model, and the one that reads HDF5 for it.
for (const [name, entry] of Object.entries(checkPrograms))
  await bundle(entry, join(artifacts.functions.check, `${name}.mjs`))
for (const name of imageFunctions) await stageImage(name, artifacts.images[name], kernels.opt)
const stamp: Stamp = { architecture, kernels: kernelsIn(kernels) }
writeFileSync(stampOf(artifacts), JSON.stringify(stamp))
console.log(
  `Staged for ${architecture} in ${relative(process.cwd(), artifacts.root) || '.'}. Next: npx cdk deploy --all`,
)
