/** An HDF5 file as plain data. */

export type Hdf5Value = string | number | boolean | null | readonly Hdf5Value[]

/** How elements are stored; a string dataset is listed without its content. */
export const hdf5Elements = [
  'float16',
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'opaque16',
  'string',
] as const
export type Hdf5Element = (typeof hdf5Elements)[number]

export interface Hdf5Dataset {
  readonly shape: readonly number[]
  readonly element: Hdf5Element
  /** Row-major, little-endian. */
  readonly data: Uint8Array
  readonly attributes: ReadonlyMap<string, Hdf5Value>
}

/** Members are in the file's own order. */
export interface Hdf5Group {
  readonly attributes: ReadonlyMap<string, Hdf5Value>
  readonly groups: ReadonlyMap<string, Hdf5Group>
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>
}
