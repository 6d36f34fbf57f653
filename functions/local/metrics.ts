/** What this service measures of itself, as OpenMetrics: requests, latency, errors, throttles, as the dashboard on AWS names them. */
import type { Handler, Log, LogEntry } from '@maas/core/http'
import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'

export interface LocalMetrics {
  /** Takes the line that is logged for every request. */
  readonly log: Log
  readonly handler: Handler
}

/** Seconds from a compiled graph's fraction of a millisecond to a model that has to be loaded first. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Callers choose the names they ask for; only those that answered become labels, so that their number is bounded. */
const modelOf = ({ model, version }: LogEntry): { model: string; version: string } =>
  typeof model === 'string' && typeof version === 'string' ? { model, version } : { model: '', version: '' }

export const createMetrics = (loaded: () => readonly unknown[]): LocalMetrics => {
  const register = new Registry<OpenMetricsContentType>()
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [register]
  const names = ['operation', 'model', 'version'] as const
  const requests = new Counter({
    name: 'maas_requests',
    help: 'Requests answered, by status',
    labelNames: [...names, 'status'],
    registers,
  })
  const latency = new Histogram({
    name: 'maas_latency_seconds',
    help: 'Time from a request to its answer',
    labelNames: names,
    buckets,
    registers,
  })
  const errors = new Counter({
    name: 'maas_errors',
    help: 'Answers with a status of 500 and above',
    labelNames: names,
    registers,
  })
  const throttles = new Counter({
    name: 'maas_throttles',
    help: 'Requests refused with 429',
    labelNames: ['operation'],
    registers,
  })
  new Gauge({
    name: 'maas_models_loaded',
    help: 'Versions in memory',
    registers,
    collect() {
      this.set(loaded().length)
    },
  })
  new Gauge({
    name: 'maas_resident_memory_bytes',
    help: 'Of this process, without the processes of the models',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })

  return {
    log: (entry) => {
      if (entry.message !== 'request') return
      const model = modelOf(entry)
      const labels = { operation: String(entry.operation), ...model }
      const status = Number(entry.status)
      requests.inc({ ...labels, status: String(status) })
      latency.observe(labels, Number(entry.ms) / 1000)
      if (status >= 500) errors.inc(labels)
      if (status === 429) throttles.inc({ operation: labels.operation })
    },
    handler: async () => ({
      body: new TextEncoder().encode(await register.metrics()),
      headers: { 'content-type': register.contentType },
    }),
  }
}
