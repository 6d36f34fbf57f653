import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Predictions } from '@maas/core/predictions'
import type { SQSEvent } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import { isQueueEvent, queueSender, runQueued } from '../../../../functions/predict/queue.ts'

const eventOf = (...ids: string[]) =>
  ({ Records: ids.map((body, at) => ({ messageId: `m${at}`, body, eventSource: 'aws:sqs' })) }) as unknown as SQSEvent

describe('the queue of predictions', () => {
  it('is sent ids', async () => {
    const sqs = mockClient(SQSClient)
    await queueSender(new SQSClient({ region: 'eu-west-1' }), 'https://queue')('id-1')
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'https://queue',
      MessageBody: 'id-1',
    })
  })

  it('that takes none is a failure to try again', async () => {
    mockClient(SQSClient).rejects(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }))
    await expect(queueSender(new SQSClient({ region: 'eu-west-1' }), 'https://queue')('id-1')).rejects.toMatchObject({
      code: 'not_ready',
    })
  })

  it('keeps what has to be run again, and only that', async () => {
    const said: unknown[] = []
    const run = async (id: string) => {
      if (id === 'broken') throw new Error('S3 is away')
      return id === 'busy' ? ('again' as const) : ('done' as const)
    }
    const response = await runQueued(eventOf('fine', 'busy', 'broken'), { run } as unknown as Predictions, (...all) =>
      said.push(all),
    )
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }] })
    expect(said).toEqual([['prediction', { prediction: 'broken', error: 'S3 is away' }]])
  })

  it('is told apart from API Gateway', () => {
    expect(isQueueEvent(eventOf('id-1'))).toBe(true)
    for (const other of [{ httpMethod: 'GET' }, { Records: [{ eventSource: 'aws:s3' }] }, null])
      expect(isQueueEvent(other)).toBe(false)
  })
})
