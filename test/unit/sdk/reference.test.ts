import { describe, expect, it } from 'vitest'
import { isFile, parseReference, saveFormat } from '../../../sdk/src/reference.ts'

describe('a file or a name', () => {
  it.each(['model.h5', 'model.HDF5', 'm.keras', 'model.json', './model', 'models/cifar10', 'C:\\models\\cifar10'])(
    'takes %s as a file',
    (text) => expect(isFile(text)).toBe(true),
  )

  it.each(['cifar10', 'cifar10@production', 'cifar10:3', 'h5', 'keras'])('takes %s as a name', (text) => {
    expect(isFile(text)).toBe(false)
  })
})

describe('a reference', () => {
  it.each([
    ['cifar10', { name: 'cifar10' }],
    ['cifar10@latest', { name: 'cifar10' }],
    ['cifar10@production', { name: 'cifar10', alias: 'production' }],
    ['cifar10:12', { name: 'cifar10', version: 12 }],
  ])('reads %s', (text, expected) => expect(parseReference(text)).toEqual(expected))

  it.each(['', 'Cifar10', '-a', 'a'.repeat(64), 'a@', 'a@B', 'a:0', 'a:01', 'a:1.5', 'a@b:1', 'a b', 'a@12'])(
    'refuses %j',
    (text) => expect(() => parseReference(text)).toThrowError(expect.objectContaining({ name: 'BadRequestError' })),
  )
})

describe('the format of a saved file', () => {
  it('is told by its extension', () => {
    expect(saveFormat('a/model.h5')).toBe('h5')
    expect(saveFormat('model.keras')).toBe('keras')
    expect(saveFormat('model.json')).toBe('tfjs')
    expect(() => saveFormat('model.onnx')).toThrow('.h5 or .keras (Keras) or .json (TF.js')
  })
})
