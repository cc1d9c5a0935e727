-- Whether an earlier run had the same id when this one began: its pages then lie in a folder of their own. Kept, because the
-- earlier run may be pruned.
alter table runs add column id_used_before boolean not null default false;
update runs r set id_used_before = true
  where exists (select from runs e where e.run_id = r.run_id and (e.started_at, e.execution_id) < (r.started_at, r.execution_id));
