import { errorReply, HttpError } from '@maas/core/contract'
import { ConflictError, InvalidInputError, MaasError, NotReadyError, StorageError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'

describe('errorReply', () => {
  it('answers in the dialect of the route', () => {
    const error = new InvalidInputError('instances[3]: got "a".', { param: 'instances[3]' })
    expect(errorReply(error, 'serving', 'r1')).toEqual({
      status: 400,
      headers: {},
      body: { error: 'instances[3]: got "a".' },
    })
    expect(errorReply(error, 'control', 'r1').body).toEqual({
      error: { code: 'invalid_input', message: 'instances[3]: got "a".', param: 'instances[3]', request_id: 'r1' },
    })
  })

  it.each([
    [new ConflictError('x'), 409],
    [new MaasError('too_large', 'x'), 413],
    [new MaasError('over_quota', 'x'), 429],
    [new MaasError('unsupported', 'x'), 422],
    [new MaasError('timeout', 'x'), 504],
    [new HttpError(405, 'x', { allow: 'GET' }), 405],
  ])('gives %s its status', (error, status) => {
    expect(errorReply(error, 'serving', 'r').status).toBe(status)
  })

  it('says when to come back', () => {
    const reply = errorReply(new NotReadyError('busy', { retryAfter: 1.2 }), 'serving', 'r')
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
  })

  it.each([
    new Error('password=hunter2'),
    new StorageError('/secret/path'),
    new MaasError('internal', 'x', { param: 'p' }),
    'text',
  ])('leaks nothing of a failure of ours', (error) => {
    const reply = errorReply(error, 'control', 'r9')
    expect(reply.status).toBe(500)
    expect(reply.body).toEqual({
      error: { code: 'internal', message: expect.stringContaining('r9'), request_id: 'r9' },
    })
    expect(JSON.stringify(reply)).not.toMatch(/hunter2|secret|"p"/)
  })
})
