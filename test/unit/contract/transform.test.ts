import { readTransformRequest, localJobSettings as settings } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'

const request = (S3Uri: string, over: object = {}) => ({
  TransformJobName: 'j-1',
  ModelName: 'cifar10@production',
  TransformInput: { DataSource: { S3DataSource: { S3Uri } } },
  ...over,
})
const read = (S3Uri: string, over?: object) => readTransformRequest(request(S3Uri, over), settings)

describe('a transform request', () => {
  it('names its input by a key or by an address of the store, and means the same', () => {
    const address = `${settings.storeUri}/datasets/a.zip`
    for (const given of ['datasets/a.zip', address]) {
      expect(read(given).TransformInput.DataSource.S3DataSource.S3Uri).toBe(address)
    }
    expect(read('uploads/x/file/a.zip')).toMatchObject({
      BatchStrategy: 'MultiRecord',
      TransformResources: { InstanceCount: 1 },
    })
  })

  it.each([
    'models/cifar10/versions/1/manifest.json',
    'keys/',
    'datasets/../keys/x',
    's3://other-bucket/datasets/a.zip',
    'https://example.com/datasets/a.zip',
    'file:///etc/passwd',
    '/datasets/a.zip',
  ])('may not read %s', (address) => {
    expect(() => read(address)).toThrow(
      /TransformInput\.DataSource\.S3DataSource\.S3Uri: got .*; allowed is what lies below/,
    )
  })

  it.each([
    [{ TransformOutput: { S3OutputPath: 's3://elsewhere/' } }, 'TransformOutput.S3OutputPath'],
    [{ Environment: { A: 'b' } }, 'Environment'],
    [{ ModelName: 'cifar10@Nope!' }, 'alias'],
    [{ TransformJobName: '../x' }, 'TransformJobName'],
    [{ TransformResources: { InstanceCount: 0 } }, 'InstanceCount'],
    [{ MaxFailedInputs: -1 }, 'MaxFailedInputs'],
  ])('refuses %j by its name', (over, name) => {
    expect(() => read('datasets/a.zip', over)).toThrow(name)
  })
})
