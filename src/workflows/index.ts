export { pipeline } from './pipeline.ts';
export { symbolPipeline } from './symbol-pipeline.ts';
