/** Takes a topology as Keras 3 writes it (`model.to_json()`) to the form that tfjs-layers builds. */
import { layerFrom } from '../formats/keras/config.ts'
import { convertModel } from '../formats/keras/model.ts'
import { ReportBuilder } from '../formats/keras/report.ts'
import type { Topology } from './model.ts'

/** Keras 3 says of every object which module it is from; Keras 2 and TF.js do not. */
const isKeras3 = ({ module }: Topology): boolean => typeof module === 'string' && module.startsWith('keras')

/** Other topologies come back as they are. UnsupportedError names each layer that tfjs cannot compute exactly. */
export const withoutKeras3 = (topology: Topology): Topology => {
  if (!isKeras3(topology)) return topology
  const report = new ReportBuilder()
  const converted = convertModel(layerFrom(topology, 'maas_topology'), { keras: 3, report, convertModel })
  report.finish('Keras 3, JSON')
  return { ...converted, keras_version: '3' }
}
