/** What a million predictions cost on Lambda. */
import { prices, requestPrice } from '../contract/index.ts'

/** On x86: US dollars per GB-second and per million requests. */
export const lambdaPrice = {
  gigabyteSecond: prices.lambda.x64.gigabyteSecond,
  millionRequests: prices.lambda.millionRequests,
} as const

/** At 1,769 MB a function has one whole virtual CPU, which is what a latency measured on one core stands for. */
export const oneCpuMegabytes = 1769

/** US dollars for a million requests of one prediction each; Lambda bills whole milliseconds. */
export const pricePerMillion = (milliseconds: number, megabytes: number = oneCpuMegabytes): number =>
  requestPrice(milliseconds, megabytes) * 1e6
