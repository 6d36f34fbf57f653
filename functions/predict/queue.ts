/** The queue of asynchronous predictions on AWS: ids go in when they are asked for, and come back to this function as SQS events. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { messageOf, NotReadyError } from '@maas/core/errors'
import type { Predictions } from '@maas/core/predictions'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'

/** Puts an id into the queue; NotReadyError when SQS does not take it. */
export const queueSender =
  (client: Pick<SQSClient, 'send'>, url: string) =>
  async (id: string): Promise<void> => {
    try {
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: id }))
    } catch (cause) {
      throw new NotReadyError('The queue of predictions does not take any now. Try again in a second.', { cause })
    }
  }

export const isQueueEvent = (event: unknown): event is SQSEvent =>
  Array.isArray((event as Partial<SQSEvent> | null)?.Records) &&
  (event as SQSEvent).Records.every(({ eventSource }) => eventSource === 'aws:sqs')

/** Runs what the event names. What has to be run again stays in the queue; SQS gives it back later, to anybody. */
export const runQueued = async (
  event: SQSEvent,
  predictions: Predictions,
  failed: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): Promise<SQSBatchResponse> => {
  const outcomes = await Promise.all(
    event.Records.map(async ({ messageId, body }) => {
      try {
        return { messageId, outcome: await predictions.run(body) }
      } catch (error) {
        failed('prediction', { prediction: body, error: messageOf(error) })
        return { messageId, outcome: 'again' }
      }
    }),
  )
  const again = outcomes.filter(({ outcome }) => outcome === 'again')
  return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}
