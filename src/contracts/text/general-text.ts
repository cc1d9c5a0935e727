const MAX_LENGTH = 200;

/** A message without the parts that differ between tasks and runs: the task, its symbol, ids, quoted values, amounts and times. */
export function generalText(message: string, taskId: string): string {
  const symbol = taskId.includes('/') ? taskId.slice(0, taskId.lastIndexOf('/')) : taskId;
  return message
    .replaceAll(taskId, '…')
    .replaceAll(symbol, '…')
    .replaceAll(/"[^"]*"/g, '…')
    .replaceAll(/0x[0-9a-f]+/gi, '…')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '…')
    .replaceAll(/\d[\d.,:TZ-]*/g, '…')
    .replaceAll(/\s+/g, ' ')
    .slice(0, MAX_LENGTH);
}
