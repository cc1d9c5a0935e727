import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { databaseUrlOf } from '../../src/storage/database/database-url.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';
import { useMemoryFolder } from './memory-folder.ts';
import { administer, TEMPLATE_DATABASE } from './postgres.ts';
import { startTestTemporal } from './temporal.ts';

/** Starts one Postgres, one Temporal server and one workflow bundle for the whole test run, and stops and removes them at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const closers: (() => unknown)[] = [useMemoryFolder()];
  const close = async () => {
    for (const closer of closers.reverse()) {
      try {
        await closer();
      } catch (error) {
        console.error(error);
      }
    }
  };
  try {
    const starts = await Promise.allSettled([startPostgres(project), startTestTemporal(project)]);
    for (const start of starts) if (start.status === 'fulfilled') closers.push(start.value);
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

async function startPostgres(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'predictlab-test-'));
  const server = await attachPostgres({ home });
  // this data need not survive a crash (test/faults, which kills servers, starts durable ones)
  for (const safety of ['fsync', 'full_page_writes']) await administer(server.url, `alter system set ${safety} = off`);
  await administer(server.url, 'select pg_reload_conf()');
  await createTemplate(server.url);
  const template = await openDatabase({ url: databaseUrlOf(server.url, TEMPLATE_DATABASE) });
  await template.close();
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  };
}

/** Creates the template database. Later copies are made by the file system where it supports that, for half the CPU of reading and writing each file. */
async function createTemplate(url: string): Promise<void> {
  const create = `create database ${TEMPLATE_DATABASE} strategy file_copy`;
  const copyBy = async (method: string) => {
    await administer(url, `alter system set file_copy_method = ${method}`);
    await administer(url, 'select pg_reload_conf()');
    await administer(url, create);
  };
  await copyBy('clone').catch(async () => await copyBy('copy'));
}
