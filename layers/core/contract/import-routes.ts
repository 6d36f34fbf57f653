/** Routes of uploads, imports, conversion reports and parity certificates. */
import { certificateSchema } from './certificate.ts'
import { conversionSchema, importListSchema, importRequestSchema, importSchema } from './imports.ts'
import type { ImportOperation, Route } from './route.ts'
import { json } from './route-forms.ts'
import { partsRequestSchema, partsSchema, uploadRequestSchema, uploadSchema } from './uploads.ts'

const sha256 = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c'
const upload = {
  id: '0f343b0931126a20f133d67c2b018a3b',
  key: 'datasets/birds.zip',
  size: 1_048_576,
  sha256,
  status: 'pending',
  part_bytes: 1_048_576,
  parts: 1,
  received: [],
}
const digits = {
  id: '5d41402abc4b2a76b9719d911017c592',
  model: 'digits',
  file: 'model.h5',
  status: 'registered',
  version: 1,
  created_at: '2026-11-24T17:00:00.000Z',
}

type Given = Omit<Route, 'owner' | 'right' | 'dialect' | 'operation'> & { readonly operation: ImportOperation }

const given: readonly Given[] = [
  {
    operation: 'createUpload',
    method: 'POST',
    path: '/uploads',
    summary:
      'Announces a data set by name, size and SHA-256; the same again is the same upload, with the parts it has.',
    request: { 'application/json': uploadRequestSchema },
    response: json(uploadSchema, 201),
    examples: { request: { dataset: 'birds.zip', size: 1_048_576, sha256 }, response: upload },
  },
  {
    operation: 'getUpload',
    method: 'GET',
    path: '/uploads/{upload}',
    summary: 'How far an upload has come.',
    response: json(uploadSchema),
    examples: { response: upload },
  },
  {
    operation: 'deleteUpload',
    method: 'DELETE',
    path: '/uploads/{upload}',
    summary: 'Gives up an upload that is not complete; its parts are deleted.',
    response: { status: 204, contents: {} },
  },
  {
    operation: 'signParts',
    method: 'POST',
    path: '/uploads/{upload}/parts',
    summary: 'Addresses to PUT parts to, each signed for its length and checksum, good for an hour.',
    request: { 'application/json': partsRequestSchema },
    response: json(partsSchema),
    examples: { request: { parts: [{ number: 1, sha256 }] } },
  },
  {
    operation: 'completeUpload',
    method: 'POST',
    path: '/uploads/{upload}/complete',
    summary: 'Makes the parts one file; 409 names the parts that are missing.',
    response: json(uploadSchema),
  },
  {
    operation: 'createImport',
    method: 'POST',
    path: '/imports',
    summary:
      'Announces a model to import; its uploads say what has to be sent. The same `Idempotency-Key` is the same import.',
    request: { 'application/json': importRequestSchema },
    response: json(importSchema, 201),
    examples: {
      request: { model: 'digits', files: [{ path: 'model.h5', size: 1_048_576, sha256 }] },
      response: digits,
    },
  },
  {
    operation: 'listImports',
    method: 'GET',
    path: '/imports',
    summary: 'The last hundred imports, newest first.',
    response: json(importListSchema),
  },
  {
    operation: 'getImport',
    method: 'GET',
    path: '/imports/{import}',
    summary: 'Where an import stands, with its conversion report, certificate, or the reason why it failed.',
    response: json(importSchema),
    examples: { response: digits },
  },
  {
    operation: 'deleteImport',
    method: 'DELETE',
    path: '/imports/{import}',
    summary: 'Forgets an import; a version that was registered from it stays.',
    response: { status: 204, contents: {} },
  },
  {
    operation: 'completeImport',
    method: 'POST',
    path: '/imports/{import}/complete',
    summary:
      'All files have arrived: the model is checked and, when it passes, registered. Repeating does nothing twice.',
    response: json(importSchema),
  },
  {
    operation: 'getConversion',
    method: 'GET',
    path: '/models/{model}/versions/{version}/conversion',
    summary: 'What became of each layer of an imported model.',
    response: json(conversionSchema),
  },
  {
    operation: 'getConversionReport',
    method: 'GET',
    path: '/models/{model}/versions/{version}/conversion/report',
    summary: 'Conversion and certificate as a page.',
    response: { status: 200, contents: { 'text/html': 'binary' } },
  },
  {
    operation: 'getCertificate',
    method: 'GET',
    path: '/models/{model}/versions/{version}/certificate',
    summary: 'Golden inputs and outputs by name and shape, and what replaying them on each kernel version showed.',
    response: json(certificateSchema),
  },
  {
    operation: 'verifyVersion',
    method: 'POST',
    path: '/models/{model}/versions/{version}/certificate',
    summary:
      'Replays the certificate on the kernels in force. 202 when that happens later; look at the certificate then.',
    response: json(certificateSchema),
    also: [{ status: 202, as: 'verifyVersion' }],
  },
]

export const importRoutes: readonly Route[] = given.map((route) => ({
  ...route,
  owner: 'api',
  right: 'control',
  dialect: 'control',
}))
