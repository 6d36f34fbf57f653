/** What the service and a model's process say to each other, and how it crosses: the one file that knows the wire. */
import type { ChildProcess } from 'node:child_process'
import { type ErrorCode, MaasError, messageOf } from '@maas/core/errors'
import type { PredictInput, Prediction, ServedModel } from '@maas/core/predict'

/** From the service. One `load` comes first. */
export type Command =
  | {
      readonly type: 'load'
      readonly root: string
      readonly name: string
      readonly version: number
      /** @default all of the machine */
      readonly threads?: number | undefined
    }
  | { readonly type: 'predict'; readonly input: PredictInput }

/** What each command is answered with. */
export interface Answers {
  readonly load: ServedModel
  readonly predict: Omit<Prediction, 'model'>
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly param?: string | undefined
  readonly retryAfter?: number | undefined
  readonly stack?: string | undefined
}

export type ToWorker = Command & { readonly id: number }
export type FromWorker =
  | { readonly type: 'ready' }
  /** Something a person should read once, such as a fallback. */
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }

/** Structured clone over the IPC channel: typed arrays go as bytes. */
export const wire = 'advanced'

export const sendToWorker = (child: ChildProcess, message: ToWorker): void => {
  child.send(message)
}
export const listenToWorker = (child: ChildProcess, listener: (message: FromWorker) => void): void => {
  child.on('message', listener as (message: unknown) => void)
}
export const sendToService = (message: FromWorker): void => {
  process.send?.(message)
}
export const listenToService = (listener: (message: ToWorker) => void): void => {
  process.on('message', listener as (message: unknown) => void)
}

export const toFailure = (error: unknown): Failure => ({
  code: error instanceof MaasError ? error.code : 'internal',
  message: messageOf(error),
  ...(error instanceof MaasError && { param: error.param, retryAfter: error.retryAfter }),
  ...(error instanceof Error && { stack: error.stack }),
})

export const fromFailure = ({ code, message, param, retryAfter, stack }: Failure): MaasError => {
  const error = new MaasError(code, message, {
    ...(param !== undefined && { param }),
    ...(retryAfter !== undefined && { retryAfter }),
  })
  if (stack !== undefined) error.stack = stack
  return error
}
