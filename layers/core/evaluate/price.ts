/** What a million predictions cost on Lambda: the only prices in the service, in one place. */

/** AWS Lambda on x86 in us-east-1, first tier, from https://aws.amazon.com/lambda/pricing/ as of 2026-11; other regions and tiers differ. */
export const lambdaPrice = {
  /** US dollars per GB-second. */
  gigabyteSecond: 0.0000166667,
  /** US dollars per million requests. */
  millionRequests: 0.2,
} as const

/** At 1,769 MB a function has one whole virtual CPU, which is what a latency measured on one core stands for. */
export const oneCpuMegabytes = 1769

/** US dollars for a million requests of one prediction each; Lambda bills whole milliseconds. */
export const pricePerMillion = (milliseconds: number, megabytes: number = oneCpuMegabytes): number =>
  (Math.max(1, Math.ceil(milliseconds)) / 1000) * (megabytes / 1024) * lambdaPrice.gigabyteSecond * 1e6 +
  lambdaPrice.millionRequests
