/** A training graph and its variables in this process: steps, checks, predictions and weights are ways into one session. */
import type { SessionBinding, SessionHandle, SessionResult } from '../kernels/index.ts'
import { graphOf } from './saved-model.ts'
import { onePartPerThread } from './session-config.ts'

/** A value for a tensor of the graph, in the tensor's own type. */
export interface Feed {
  /** E.g. `features:0`. */
  readonly tensor: string
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

export class TrainingSession {
  readonly #sessions: SessionBinding
  /** Holds graph and variables. */
  readonly #whole: SessionHandle
  /** By feeds and fetches, made when they are first asked for. */
  readonly #ways = new Map<string, SessionHandle>()

  /** @param parts in which the graph computes its steps; above 1 the session has a thread for each, and none within operations */
  constructor(sessions: SessionBinding, file: Uint8Array, parts: number) {
    this.#sessions = sessions
    const config = parts > 1 ? onePartPerThread(parts) : new Uint8Array()
    this.#whole = sessions.open(graphOf(file), config, [], [], parts > 1)
  }

  /**
   * Values of tensors, in the order asked for.
   *
   * @param parts that the rows of the feeds are dealt out to, where each row's answer stands for itself
   */
  run(feeds: readonly Feed[], fetches: readonly string[], parts = 1): SessionResult[] {
    const names = feeds.map(({ tensor }) => tensor)
    const key = `${names.join()} ${fetches.join()}`
    const way = this.#ways.get(key) ?? this.#sessions.also(this.#whole, names, fetches)
    this.#ways.set(key, way)
    const [data, shapes] = [feeds.map((feed) => feed.data), feeds.map((feed) => feed.shape)]
    return this.#sessions.run(way, data, shapes, parts)
  }

  /** Frees graph and variables. */
  close(): void {
    for (const way of [...this.#ways.values(), this.#whole]) this.#sessions.close(way)
    this.#ways.clear()
  }
}
