/** Evaluation: what a model is worth, in numbers, in a report, and beside others. */
export { type CompareRow, compare, type Measured } from './compare.ts'
export { type EvaluateInput, evaluate, headlineOf } from './evaluate.ts'
export { type Predictions, type Predictor, predictPart, predictRows, quickMetrics } from './predictions.ts'
export { lambdaPrice, oneCpuMegabytes, pricePerMillion } from './price.ts'
export type { TargetUnit } from './regression.ts'
export { drawExamples } from './report/pictures.ts'
export { type ReportInput, renderReport } from './report/report.ts'
