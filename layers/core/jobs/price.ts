/** What a training job costs on Fargate: the only training prices in the service, in one place. */

export interface Prices {
  /** Of the deployment. */
  readonly region: string
  /** US dollars per virtual CPU and hour, and per GB and hour. */
  readonly cpuHour: number
  readonly gigabyteHour: number
}

/** Fargate on Linux in us-east-1, on demand, from https://aws.amazon.com/fargate/pricing/ as of 2026-11; other regions differ, Spot costs less and changes. */
const listPrices = {
  x64: { cpuHour: 0.04048, gigabyteHour: 0.004445 },
  arm64: { cpuHour: 0.03238, gigabyteHour: 0.00356 },
} as const

export const fargatePrices = (architecture: keyof typeof listPrices, region: string): Prices => ({
  region,
  ...listPrices[architecture],
})

/** Fargate bills at least a minute of each task. */
const LEAST_SECONDS = 60

/** `seconds` of each attempt. */
export const jobPrice = (
  seconds: readonly number[],
  size: { readonly cpus: number; readonly memory: number },
  { cpuHour, gigabyteHour }: Prices,
) => {
  const hours = seconds.reduce((sum, each) => sum + Math.max(LEAST_SECONDS, each), 0) / 3600
  const amount = hours * (size.cpus * cpuHour + (size.memory / 1024) * gigabyteHour)
  return {
    Currency: 'USD' as const,
    Amount: Math.round(amount * 1e6) / 1e6,
    Basis: 'Fargate on demand, list price in us-east-1; Spot costs less',
  }
}
