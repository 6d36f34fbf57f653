/** The answer to overfitting at about the tutorial net's cost: more, smaller layers with batch normalisation, dropout and L2. */
import { activation, batchNorm, conv, dense, dropout, flatten, type Layer, pool, sequential } from './layer.ts'
import type { Architecture } from './types.ts'

/** Pooling comes before normalisation: the same maxima on a quarter of the values. */
const block = (filters: number, l2: number): Layer[] => [
  conv(filters, { bias: false, l2, padding: 'same' }),
  pool(),
  batchNorm(),
  activation('relu'),
]

export const cifar10CnnRegularized: Architecture = ({ dropout: rate, inputShape, l2, outputs }) =>
  sequential('cifar10_cnn_regularized', inputShape, [
    ...block(32, l2),
    ...block(64, l2),
    ...block(128, l2),
    flatten(),
    ...dropout(rate),
    dense(128, { l2, bias: false }),
    batchNorm(),
    activation('relu'),
    ...dropout(rate),
    dense(outputs, { activation: 'softmax', l2 }),
  ])
