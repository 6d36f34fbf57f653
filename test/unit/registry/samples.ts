/** Small versions for registry tests. */
import type { AliasTarget, NewVersion } from '@maas/core/contract'

export const newVersion = (content: string): NewVersion => ({
  files: {
    'model.json': Buffer.from('{"class_name":"Sequential"}'),
    'weights.bin': Buffer.from(content),
    'sub/labels.json': Buffer.from('["cat","dog"]'),
  },
  metrics: { test_accuracy: 0.65 },
  lineage: { source: 'training', code: 'maas test', kernels: 'none', hyperparameters: { epochs: '10' }, seed: 7 },
})

export const only = (version: number): AliasTarget[] => [{ version, weight: 100 }]

export const change = { by: 'test', why: 'because' }
