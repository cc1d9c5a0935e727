/** Called at each numbered step of a stage, inside its transaction. For fault injection: a probe may end the process there. */
export type Probe = (step: string) => void | Promise<void>;
