import { sleep } from '@temporalio/workflow';

/** Not our `pipeline`: it waits before anything else, which no recorded history of ours does. */
export async function pipeline(): Promise<void> {
  await sleep(1_000);
}

export async function symbolPipeline(): Promise<void> {
  await sleep(1_000);
}
