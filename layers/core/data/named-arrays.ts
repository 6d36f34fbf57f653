/** Arrays by name out of an .npz, or the one of an .npy. */
import { constants } from 'node:buffer'
import { InvalidInputError } from '../errors.ts'
import { type NpyArray, parseNpy } from './npy.ts'
import { openSource } from './source/index.ts'

/** InvalidInputError for a file that is neither, or damaged. */
export const readNamedArrays = async (location: string): Promise<NpyArray[]> => {
  const source = await openSource(location)
  const arrays: NpyArray[] = []
  for await (const file of source.read((path) => path.endsWith('.npy'), { maxBytes: constants.MAX_LENGTH })) {
    if ('problem' in file) throw new InvalidInputError(`${source.name}: ${file.path}: ${file.problem}.`)
    arrays.push(parseNpy(file.path.replace(/\.npy$/, ''), file.bytes))
  }
  if (arrays.length === 0)
    throw new InvalidInputError(`${source.name} holds no NumPy array. Give an .npy or .npz file.`)
  return arrays
}
