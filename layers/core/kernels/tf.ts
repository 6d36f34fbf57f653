/**
 * The one place that imports tfjs: core and layers as one namespace, with gradients and chained ops registered.
 *
 * tfjs's CommonJS builds are what Node, tsx, vitest and an esbuild bundle for Node all pick; tfjs-layers registers
 * most gradients in them, nobody the chained ops. Engine and registries live on the global object, so a second copy
 * in the process shares them.
 */
import * as core from '@tensorflow/tfjs-core'
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
import * as layers from '@tensorflow/tfjs-layers'
import { registerChainedOps } from './chained-ops.ts'
import { completeGradients } from './gradients.ts'

/** Everything of tfjs-core and tfjs-layers under one name. */
export type TensorFlow = typeof core & typeof layers

registerChainedOps(core)

export const tf: TensorFlow = { ...core, ...layers }

completeGradients(tf)
