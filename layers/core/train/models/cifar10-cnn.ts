/** The tutorial's convolutional net: features by convolution and pooling, then a decision by two dense layers. */
import { conv, dense, dropout, flatten, pool, sequential } from './layer.ts'
import type { Architecture } from './types.ts'

/** 167,562 parameters on 32x32x3 images and ten classes. */
export const cifar10Cnn: Architecture = ({ dropout: rate, inputShape, l2, outputs }) =>
  sequential('cifar10_cnn', inputShape, [
    conv(32, { activation: 'relu', l2 }),
    pool(),
    conv(64, { activation: 'relu', l2 }),
    pool(),
    flatten(),
    ...dropout(rate),
    dense(64, { activation: 'relu', l2 }),
    ...dropout(rate),
    dense(outputs, { activation: 'softmax', l2 }),
  ])

/** The same without the second pool: 712,330 parameters, most of them in one dense layer, which learns by heart. */
export const cifar10CnnOverfit: Architecture = ({ dropout: rate, inputShape, l2, outputs }) =>
  sequential('cifar10_cnn_overfit', inputShape, [
    conv(32, { activation: 'relu', l2 }),
    pool(),
    conv(64, { activation: 'relu', l2 }),
    flatten(),
    ...dropout(rate),
    dense(64, { activation: 'relu', l2 }),
    ...dropout(rate),
    dense(outputs, { activation: 'softmax', l2 }),
  ])
