/** What every Lambda says of itself, by Powertools: JSON log lines, metrics written into them (EMF), X-Ray traces. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'
import type { Context } from 'aws-lambda'

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer
}

/** `name` stands in for POWERTOOLS_SERVICE_NAME, which stacks set: one program may be several functions. */
export const createTelemetry = (name: string, env: NodeJS.ProcessEnv = process.env): Telemetry => {
  const serviceName = env.POWERTOOLS_SERVICE_NAME || name
  const namespace = env.POWERTOOLS_METRICS_NAMESPACE || 'maas'
  return {
    logger: new Logger({ serviceName }),
    metrics: new Metrics({ namespace, serviceName }),
    tracer: new Tracer({ serviceName }),
  }
}

type Handler<Event, Result, InvocationContext> = (event: Event, context: InvocationContext) => Promise<Result>

/** Around each invocation: its ids on every line, whether it is a cold start in log, metric and trace, and a trace of its own. */
export const observed =
  <Event, Result, InvocationContext>(
    { logger, metrics, tracer }: Telemetry,
    handler: Handler<Event, Result, InvocationContext>,
  ): Handler<Event, Result, InvocationContext> =>
  async (event, context) => {
    const { functionName } = context as unknown as Context
    logger.addContext(context as unknown as Context)
    metrics.captureColdStartMetric(functionName)
    const whole = tracer.isTracingEnabled() ? tracer.getSegment() : undefined
    const own = whole?.addNewSubsegment(`## ${functionName}`)
    if (own !== undefined) tracer.setSegment(own)
    tracer.annotateColdStart()
    tracer.addServiceNameAnnotation()
    try {
      return await handler(event, context)
    } catch (error) {
      if (error instanceof Error) tracer.addErrorAsMetadata(error)
      throw error
    } finally {
      own?.close()
      if (whole !== undefined) tracer.setSegment(whole)
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
    }
  }

/** What is known of an answered request. */
export interface Answered {
  readonly operation: string
  readonly model?: string | undefined
  readonly version?: string | undefined
  readonly requestId: string
  readonly status: number
  readonly ms: number
}

/**
 * Latency and failures as metrics, the rest on the trace. Model and version are dimensions only where a version
 * answered: every new dimension is paid for, and callers choose the names they ask for.
 */
export const recordAnswer = ({ metrics, tracer }: Telemetry, answered: Answered): void => {
  const { model, version, requestId, status, ms } = answered
  const known = model !== undefined && version !== undefined ? { model, version } : undefined
  const single = (): Metrics => {
    const one = metrics.singleMetric()
    one.addMetadata('request_id', requestId)
    if (known !== undefined) one.addDimensions(known)
    return one
  }
  single().addMetric('Latency', MetricUnit.Milliseconds, ms)
  if (status >= 500) single().addMetric('Errors', MetricUnit.Count, 1)
  if (!tracer.isTracingEnabled()) return
  tracer.putAnnotation('operation', answered.operation)
  tracer.putAnnotation('request_id', requestId)
  for (const [name, value] of Object.entries(known ?? {})) tracer.putAnnotation(name, value)
}
