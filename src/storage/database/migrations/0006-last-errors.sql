-- The error of the last failed attempt of a task that then took effect: { type, message }. Nobody else keeps it once the task has succeeded.
alter table ledger add column last_error jsonb;
