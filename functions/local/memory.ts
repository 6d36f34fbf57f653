/** How much memory there is to plan with. */
import { totalmem } from 'node:os'

/** Bytes of the machine, or of the container when that has less. */
export const usableMemory = (): number => Math.min(totalmem(), process.constrainedMemory() || totalmem())
