-- Roles for PredictLab's database, run once by a superuser in that database: psql -d predictlab -f roles.sql
-- Then: alter role predictlab password '...'; (or certificates), the same for predictlab_reader where somebody reads with it.

-- Workers and the command line. They own what they create: tables in one schema (with a partition of ticks per month), the schema of a
-- `deploy shadow`, and, with createdb, the scratch database in which a backup is restored once a week. 200 connections are 8 workers with 20 each,
-- and commands.
create role predictlab login nosuperuser createdb nocreaterole noreplication nobypassrls connection limit 200;
-- For reading only: dashboards, notebooks.
create role predictlab_reader login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 20;

do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, temporary, create on database %I to predictlab', current_database());
  execute format('grant connect on database %I to predictlab_reader', current_database());
end $$;

revoke all on schema public from public;
create schema predictlab authorization predictlab;
grant usage on schema predictlab to predictlab_reader;
alter default privileges for role predictlab in schema predictlab grant select on tables to predictlab_reader;
alter default privileges for role predictlab in schema predictlab grant select on sequences to predictlab_reader;
alter role predictlab set search_path = predictlab;
alter role predictlab_reader set search_path = predictlab;
alter role predictlab_reader set default_transaction_read_only = on;
