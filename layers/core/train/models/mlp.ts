/** A multilayer perceptron for tables (and small images): dense layers, then class probabilities or a number. */
import { dense, dropout, flatten, sequential } from './layer.ts'
import type { Architecture } from './types.ts'

export const mlp: Architecture = ({ dropout: rate, head, hiddenUnits, inputShape, l2, outputs }) =>
  sequential('mlp', inputShape, [
    ...(inputShape.length > 1 ? [flatten()] : []),
    ...hiddenUnits.flatMap((units) => [dense(units, { activation: 'relu', l2 }), ...dropout(rate)]),
    dense(outputs, { activation: head, l2 }),
  ])
