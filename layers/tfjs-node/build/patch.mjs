// The two changes made to tfjs-node's C++ source before it is compiled.
// @ts-check
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KernelsError } from './errors.mjs'

const changedFile = 'tfjs_backend.cc'

/** Each `before` occurs exactly once in the published source. */
const changes = [
  {
    why: 'uint8 tensors, which image decoders return, could be written but not read back',
    before: `    case TF_BOOL:
      typed_array_type = napi_uint8_array;`,
    after: `    case TF_BOOL:
    case TF_UINT8:  // Added by maas.
      typed_array_type = napi_uint8_array;`,
  },
  {
    why: 'every run of a session that failed, such as one with a wrong shape, leaked its inputs',
    before: `    NAPI_THROW_ERROR(env, "Session fail to run with error: %s",`,
    after: `    for (TF_Tensor *input : input_values) TF_DeleteTensor(input);  // Added by maas.
    NAPI_THROW_ERROR(env, "Session fail to run with error: %s",`,
  },
]

/**
 * @param {string} source the published package's `binding` folder
 * @param {string} target folder to make, with the changed copy
 */
export async function patchBinding(source, target) {
  await cp(source, target, { recursive: true })
  const path = join(target, changedFile)
  let text = await readFile(path, 'utf8')
  for (const { why, before, after } of changes) {
    if (text.split(before).length !== 2) {
      throw new KernelsError(
        'source',
        `${changedFile} of tfjs-node is not the one this build knows (change: ${why}). Run npm ci to restore the pinned package.`,
      )
    }
    text = text.replace(before, () => after)
  }
  await writeFile(path, text)
}
