/** A compiled model in this process, without tfjs: opened from its file, with the threads that suit how long it runs. */
import { type NamedTensors, type Signature, sizeOf, type TensorData, type TensorSpec } from '../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../errors.ts'
import { isAllowedOperation } from '../kernels/allowed-operations.ts'
import type { SessionBinding, SessionHandle, SessionResult } from '../kernels/index.ts'
import { relativeErrorOfAll } from './relative-error.ts'
import { graphOf, readSavedModel, type SavedModelSummary, type SignatureTensor } from './saved-model.ts'
import { onCallingThread, onThreads } from './session-config.ts'

/** A compiled model, ready to answer. */
export interface InferenceSession {
  readonly signature: Signature
  /** Whether each row's answer depends on that row alone, so that rows of several callers may share a run. */
  readonly rowsIndependent: boolean
  /** Throws InvalidInputError naming the input that is missing, unknown or of another type or shape. */
  run(inputs: NamedTensors): Promise<NamedTensors>
  dispose(): void
}

export interface SessionOptions {
  /** Threads this process may use. */
  readonly threads: number
  /** What an earlier `InferenceSession` of the same file found. @default found out now, by three small runs */
  readonly rowsIndependent?: boolean | undefined
  /** Milliseconds. @default performance.now */
  readonly clock?: (() => number) | undefined
  /** Looks at answers before anything else runs; what it throws is thrown on, and nothing stays open. */
  readonly check?: ((run: (inputs: NamedTensors) => NamedTensors) => void) | undefined
}

/** Milliseconds of work from which a second thread pays. */
const worthSplitting = 1
/** Milliseconds of one row from which threads within operations pay more than none. */
const longRow = 3
/** Milliseconds for which a run may hold up the event loop. */
const holdsUp = 5
/** max|a-b| / max|b| between rows run together and alone. */
const tolerance = 1e-5

/**
 * Opens the content of a `saved_model.pb` and runs it once, so that the first caller does not wait for memory and threads.
 * Throws UnsupportedError when the graph holds an operation that `compileInference` does not write: a graph is a program, and some operations read files.
 */
export function openSession(file: Uint8Array, sessions: SessionBinding, options: SessionOptions): InferenceSession {
  const { threads, clock = () => performance.now() } = options
  const summary = readSavedModel(file)
  const foreign = [...summary.operations].filter((operation) => !isAllowedOperation(operation))
  if (foreign.length > 0) {
    throw new UnsupportedError(`The graph holds operations that compiled models do not use: ${foreign.join(', ')}.`)
  }
  const graph = new Graph(summary, graphOf(file), sessions)
  const facts = { operations: summary.operations, bytes: file.length }
  let short: SessionHandle | undefined = graph.open(onCallingThread(facts))
  const first = short
  try {
    options.check?.((tensors) => {
      const { values, shapes } = graph.feed(tensors)
      return graph.named(sessions.run(first, values, shapes, 1))
    })
  } catch (error) {
    sessions.close(first)
    throw error
  }
  let wide: SessionHandle | undefined
  let rowMs = graph.isFixed ? graph.timeRow(short, clock) : Number.POSITIVE_INFINITY
  if (rowMs > longRow && threads > 1) {
    wide = graph.open(onThreads(threads, facts))
    const wideMs = graph.isFixed ? graph.timeRow(wide, clock) : 0
    const [kept, closed] = wideMs < rowMs ? [wide, short] : [short, wide]
    sessions.close(closed)
    if (kept === short) wide = undefined
    else [short, rowMs] = [undefined, graph.isFixed ? wideMs : holdsUp + 1]
  }
  const handle = (wide ?? short) as SessionHandle
  const rowsIndependent = options.rowsIndependent ?? graph.areRowsIndependent(handle)
  let open = true
  return {
    signature: graph.signature,
    rowsIndependent,
    async run(tensors) {
      if (!open) throw new InvalidInputError('The session is closed; open it again.')
      const { values, shapes, rows } = graph.feed(tensors)
      const ms = rows * rowMs
      const started = clock()
      const parts = wide === undefined && rowsIndependent && ms > worthSplitting ? Math.min(threads, rows) : 1
      // Another thread has to prepare for each shape what this one has prepared already: not for short runs.
      const elsewhere = ms / parts > holdsUp
      const results = elsewhere
        ? await sessions.runElsewhere(handle, values, shapes, parts)
        : sessions.run(handle, values, shapes, parts)
      // Measured when it was opened, the time of a row is often that of a busy machine.
      if (graph.isFixed && rows > 0) rowMs = Math.min(rowMs, ((clock() - started) * parts) / rows)
      return graph.named(results)
    },
    dispose() {
      if (open) sessions.close(handle)
      open = false
    },
  }
}

/** A graph's names, types and shapes, around the sessions that run it. */
class Graph {
  readonly signature: Signature
  readonly #inputs: readonly [string, SignatureTensor][]
  readonly #outputs: readonly [string, SignatureTensor][]
  readonly #bytes: Uint8Array
  readonly #sessions: SessionBinding

  constructor(summary: SavedModelSummary, bytes: Uint8Array, sessions: SessionBinding) {
    this.#inputs = Object.entries(summary.inputs)
    this.#outputs = Object.entries(summary.outputs)
    this.#bytes = bytes
    this.#sessions = sessions
    this.signature = { inputs: this.#inputs.map(toSpec), outputs: this.#outputs.map(toSpec) }
  }

  /** Whether all sizes but the batch are known. */
  get isFixed(): boolean {
    return this.#inputs.every(([, { shape }]) => shape.length > 0 && !shape.slice(1).includes(-1))
  }

  open(config: Uint8Array): SessionHandle {
    const [feeds, fetches] = [this.#inputs, this.#outputs].map((all) => all.map(([, { tensor }]) => tensor))
    return this.#sessions.open(this.#bytes, config, feeds as string[], fetches as string[], true)
  }

  /** Milliseconds of one row, after the run that sets up memory. */
  timeRow(session: SessionHandle, clock: () => number): number {
    const { values, shapes } = this.#examples(1)
    const times = [0, 1, 2].map(() => {
      const start = clock()
      this.#sessions.run(session, values, shapes, 1)
      return clock() - start
    })
    return Math.min(...times)
  }

  /** Runs three rows together and each alone. */
  areRowsIndependent(session: SessionHandle): boolean {
    if (!this.isFixed) return false
    const rows = 3
    const { values, shapes } = this.#examples(rows)
    const together = this.#sessions.run(session, values, shapes, 1)
    const answers = together.map((): [together: SessionResult['data'], alone: SessionResult['data']][] => [])
    for (let row = 0; row < rows; row++) {
      const own = values.map((all) => all.subarray((all.length / rows) * row, (all.length / rows) * (row + 1)))
      const ownShapes = shapes.map((shape) => [1, ...shape.slice(1)])
      const alone = this.#sessions.run(session, own, ownShapes, 1)
      for (const [index, { data, shape }] of together.entries()) {
        const size = data.length / rows
        const one = alone[index] as SessionResult
        if (shape[0] !== rows || one.shape[0] !== 1 || one.data.length !== size) return false
        answers[index]?.push([data.subarray(row * size, (row + 1) * size), one.data])
      }
    }
    return answers.every((pairs) => relativeErrorOfAll(pairs) <= tolerance)
  }

  /** Tensors by name in the graph's order, checked. */
  feed(tensors: NamedTensors) {
    const given = this.#inputs.map(([name, input]) => checkFeed(name, input, tensors[name]))
    const unknown = Object.keys(tensors).find((name) => !this.#inputs.some(([known]) => known === name))
    if (unknown !== undefined) {
      const known = this.#inputs.map(([name]) => name).join(', ')
      throw new InvalidInputError(`The model has no input ${unknown}; it takes ${known}.`, { param: unknown })
    }
    const shapes = given.map(({ shape }) => shape)
    return { values: given.map(({ data }) => data as Float32Array), shapes, rows: shapes[0]?.[0] ?? 1 }
  }

  named(results: readonly SessionResult[]): NamedTensors {
    return Object.fromEntries(
      this.#outputs.map(([name, { dtype }], index) => {
        const { shape, data } = results[index] as SessionResult
        return [name, { dtype: dtype as TensorData['dtype'], shape, data }]
      }),
    )
  }

  /** Rows that differ, of values that every type of input takes. */
  #examples(rows: number) {
    const shapes = this.#inputs.map(([, { shape }]) => [rows, ...shape.slice(1)])
    const values = this.#inputs.map(([, { dtype }], index) => {
      const size = sizeOf(shapes[index] as number[])
      const whole = dtype !== 'float32'
      const value = (_: unknown, at: number) => (whole ? ((at * 7919) >> 3) & 1 : ((at * 7919) % 1009) / 1009)
      if (dtype === 'float32') return Float32Array.from({ length: size }, value)
      return dtype === 'int32' ? Int32Array.from({ length: size }, value) : Uint8Array.from({ length: size }, value)
    })
    return { shapes, values }
  }
}

const toSpec = ([name, { dtype, shape }]: [string, SignatureTensor]): TensorSpec => ({
  name,
  dtype: dtype as TensorSpec['dtype'],
  shape: [...shape],
})

/** The bytes of these go to TensorFlow as they are. */
const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }

function checkFeed(name: string, { dtype, shape }: SignatureTensor, given: TensorData | undefined): TensorData {
  const wanted = `${dtype} [${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]`
  if (given === undefined) throw new InvalidInputError(`Input ${name} is missing; it takes ${wanted}.`, { param: name })
  const fits =
    given.dtype === dtype &&
    given.shape.length === shape.length &&
    shape.every((size, axis) => size === -1 || size === given.shape[axis]) &&
    given.data instanceof arrays[dtype as keyof typeof arrays] &&
    given.data.length === sizeOf(given.shape)
  if (!fits) {
    const got = `${given.dtype} [${given.shape.join(', ')}] with ${given.data.length} values`
    throw new InvalidInputError(`Input ${name} is ${got}; the model takes ${wanted}.`, { param: name })
  }
  return given
}
