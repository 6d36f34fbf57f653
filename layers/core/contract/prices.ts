/** List prices of what the service uses on AWS: the only prices in the repository, in one place. */

/** US dollars in us-east-1, first tier, from AWS's public pricing pages as of 2026-11; other regions and tiers differ. */
export const prices = {
  /** Lambda, by architecture: a GB of memory for a second of running, of waiting warm, and of running warm. */
  lambda: {
    x64: { gigabyteSecond: 0.0000166667, warmGigabyteSecond: 0.0000041667, runningWarmGigabyteSecond: 0.0000097222 },
    arm64: { gigabyteSecond: 0.0000133334, warmGigabyteSecond: 0.0000033334, runningWarmGigabyteSecond: 0.0000077778 },
    millionRequests: 0.2,
  },
  /** Fargate, by architecture: an hour of a virtual CPU and of a GB of memory. */
  fargate: {
    x64: { cpuHour: 0.04048, gigabyteHour: 0.004445 },
    arm64: { cpuHour: 0.03238, gigabyteHour: 0.00356 },
    /** A GB of disk over the first 20, for an hour. */
    diskGigabyteHour: 0.000111,
    /** What Spot costs of that, most of the time; the market decides. */
    spotShare: 0.3,
  },
  /** A public IPv4 address for an hour. */
  publicAddressHour: 0.005,
  /** An interface endpoint in one availability zone for an hour, and a GB through it. */
  interfaceEndpointHour: 0.01,
  interfaceEndpointGigabyte: 0.01,
  apiGatewayMillionRequests: 3.5,
  s3: { gigabyteMonth: 0.023, thousandPuts: 0.005, thousandGets: 0.0004 },
  ecrGigabyteMonth: 0.1,
  kmsKeyMonth: 1,
  secretMonth: 0.4,
  /** An item of at most 4 KB, read once a minute for each key at most: the authorizer's answers are kept that long. */
  dynamoMillionReads: 0.125,
  cloudwatch: { alarmMonth: 0.1, metricMonth: 0.3, dashboardMonth: 3, logGigabyte: 0.5 },
  stepFunctionsThousandTransitions: 0.025,
  waf: { listMonth: 5, ruleMonth: 1, millionRequests: 0.6 },
} as const

export const hoursOfMonth = 730

/** US dollars of one request on Lambda, which bills whole milliseconds; on one machine, what the same work would cost there. */
export const requestPrice = (milliseconds: number, megabytes: number, architecture: 'x64' | 'arm64' = 'x64'): number =>
  (Math.max(1, Math.ceil(milliseconds)) / 1000) * (megabytes / 1024) * prices.lambda[architecture].gigabyteSecond +
  prices.lambda.millionRequests / 1e6

/** US dollars for a Fargate task of this size for an hour; GB are of memory and of disk. */
export const fargateHour = (
  { cpus, memory, disk }: { readonly cpus: number; readonly memory: number; readonly disk: number },
  { architecture, spot }: { readonly architecture: 'x64' | 'arm64'; readonly spot: boolean },
): number => {
  const { cpuHour, gigabyteHour } = prices.fargate[architecture]
  const whole = cpus * cpuHour + memory * gigabyteHour + Math.max(0, disk - 20) * prices.fargate.diskGigabyteHour
  return whole * (spot ? prices.fargate.spotShare : 1)
}
