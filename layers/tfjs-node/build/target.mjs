// Which machine the kernels are for: names, pins and file names per target.
// @ts-check
import { readFileSync } from 'node:fs'
import { UsageError } from './errors.mjs'

/**
 * @typedef {'linux-x64' | 'linux-arm64' | 'darwin-arm64'} TargetName
 * @typedef {{ package: string, tag: string, sha256: string, bytes: number }} Wheel
 * @typedef {object} Target
 * @property {TargetName} name
 * @property {'linux' | 'darwin'} platform
 * @property {'x64' | 'arm64'} arch
 * @property {readonly [string, string]} libraries file names inside the wheel's `tensorflow/` folder
 */

/** Every target there is a pinned wheel for. */
export const targetNames = /** @type {const} */ (['linux-x64', 'linux-arm64', 'darwin-arm64'])

/**
 * @param {{ platform?: string | undefined, arch?: string | undefined }} [wanted] defaults to this machine
 * @returns {Target}
 */
export function chooseTarget({ platform = process.platform, arch = process.arch } = {}) {
  const name = targetNames.find((each) => each === `${platform}-${arch}`)
  if (name === undefined) {
    throw new UsageError(
      `No native kernels for ${platform}-${arch}: there are ${targetNames.join(', ')}. Everything else runs on the WASM backend.`,
    )
  }
  const [os, cpu] = /** @type {['linux' | 'darwin', 'x64' | 'arm64']} */ (name.split('-'))
  const suffix = os === 'darwin' ? '.2.dylib' : '.so.2'
  return {
    name,
    platform: os,
    arch: cpu,
    libraries: [`libtensorflow_cc${suffix}`, `libtensorflow_framework${suffix}`],
  }
}

/** @typedef {{ version: string, wheels: Record<TargetName, Wheel> }} Pin */

/** @returns {{ tensorflow: Pin, ziglang: Pin }} the committed versions and hashes */
export function readPins() {
  return JSON.parse(readFileSync(new URL('../pins.json', import.meta.url), 'utf8'))
}
