import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { borrowedCredentials } from '../../../../functions/train/credentials.ts'

const lambda = mockClient(LambdaClient)
const lender = { functionArn: 'arn:aws:lambda:eu-west-1:1:function:credentials:live', token: 'secret-token' }
const borrow = borrowedCredentials(new LambdaClient({ region: 'eu-west-1' }), 'job-1', lender)
const answer = (value: unknown, FunctionError?: string) =>
  lambda.on(InvokeCommand).resolves({
    Payload: Buffer.from(JSON.stringify(value)) as never,
    ...(FunctionError !== undefined && { FunctionError }),
  })

describe('the credentials of a job’s container', () => {
  beforeEach(() => lambda.reset())

  it('are asked for with the job’s name and token, and carry their end', async () => {
    const keys = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't' }
    answer({ ...keys, expiration: '2026-01-01T01:00:00.000Z' })
    expect(await borrow()).toEqual({ ...keys, expiration: new Date('2026-01-01T01:00:00Z') })
    const { FunctionName, Payload } = lambda.commandCalls(InvokeCommand)[0]?.args[0].input ?? {}
    expect(FunctionName).toBe(lender.functionArn)
    expect(JSON.parse(Buffer.from(Payload as Uint8Array).toString())).toEqual({ job: 'job-1', token: 'secret-token' })
  })

  it('say why they were refused, and never what was shown for them', async () => {
    answer({ errorType: 'MaasError', errorMessage: 'the token ended', trace: ['at x'] }, 'Unhandled')
    await expect(borrow()).rejects.toMatchObject({ code: 'forbidden' })
    await expect(borrow()).rejects.toThrow(`from ${lender.functionArn}: the token ended`)
    answer({ accessKeyId: 'ASIA', secretAccessKey: 42, sessionToken: 't' })
    await expect(borrow()).rejects.toThrow(/: its answer holds none$/)
    lambda.on(InvokeCommand).rejects(new Error('not authorized to perform: lambda:InvokeFunction'))
    await expect(borrow()).rejects.toThrow(/^(?!.*secret-token).*lambda:InvokeFunction/)
  })
})
