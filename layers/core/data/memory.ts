/** Refuses data that cannot fit before reading it. */
import { constants } from 'node:buffer'
import { totalmem } from 'node:os'
import { TooLargeError } from '../errors.ts'

/** @param advice what to do, as a sentence */
export function checkMemory(bytes: number, what: string, advice: string, available = defaultMemory()): void {
  if (bytes <= available) return
  throw new TooLargeError(
    `${what} would take ${gigabytes(bytes)} of memory; ${gigabytes(available)} can be used. ${advice}`,
  )
}

function defaultMemory(): number {
  const machine = totalmem()
  const container = process.constrainedMemory?.() ?? 0
  const memory = container > 0 ? Math.min(machine, container) : machine
  return Math.min(memory * 0.8, constants.MAX_LENGTH)
}

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`
