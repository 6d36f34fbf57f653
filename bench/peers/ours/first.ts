/** Ours: a fresh process that loads the model from a registry, as the service's own do, answers once and says so. */
import { join } from 'node:path'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { loadPredictor } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { say } from '../node/protocol.mjs'
import { callOf } from './predictor.ts'

async function first(directory: string, root: string): Promise<void> {
  const kernels = lazyKernels({ prefer: 'native' })
  const registry = createRegistry(createFileStore(join(root, 'store')))
  const predictor = await loadPredictor(registry, await registry.manifest('bench', 1), kernels)
  const outputs = await callOf(directory, predictor)(1)
  const { version = '' } = (await kernels.sessions()) ?? {}
  say({ ready: { Node: process.versions.node, TensorFlow: version }, outputs: [...outputs] })
  process.exit(0)
}

const [, , directory = '', root = ''] = process.argv
void first(directory, root)
