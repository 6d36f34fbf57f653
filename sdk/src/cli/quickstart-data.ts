/** The data of a quickstart: generated shapes, the original CIFAR-10, or the user's own, and five images kept out of training. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Output } from './output.ts'
import { createBar } from './progress.ts'
import { UsageError } from './usage.ts'

/** An encoded image of the test part, with its class. */
export interface UnseenImage {
  readonly path: string
  readonly label: string
  readonly bytes: Uint8Array
}
