import type { OperatorService } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes.ts';

/** Temporal's numbers of the types. */
const TYPE_NUMBERS = { Keyword: 2, KeywordList: 7 } as const;

export interface FoundAttributes {
  readonly missing: readonly string[];
  /** Registered as something else, in which our values would be refused. */
  readonly otherType: readonly string[];
}

/** Which of our search attributes a namespace lacks. @throws what the call throws, also where it is not permitted */
export async function findAttributes(service: Pick<OperatorService, 'listSearchAttributes'>, namespace: string): Promise<FoundAttributes> {
  const { customAttributes } = await service.listSearchAttributes({ namespace });
  const ours = Object.entries(SEARCH_ATTRIBUTES);
  const registered: Readonly<Record<string, number | undefined>> = customAttributes;
  return {
    missing: ours.filter(([name]) => registered[name] === undefined).map(([name]) => name),
    otherType: ours
      .filter(([name, type]) => registered[name] !== undefined && registered[name] !== TYPE_NUMBERS[type])
      .map(([name]) => name),
  };
}

/** Registers those that a namespace lacks; one that somebody else registers meanwhile is as good. */
export async function registerAttributes(service: OperatorService, namespace: string): Promise<void> {
  const { missing } = await findAttributes(service, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    Object.entries(SEARCH_ATTRIBUTES)
      .filter(([name]) => missing.includes(name))
      .map(([name, type]) => [name, TYPE_NUMBERS[type]]),
  );
  await service.addSearchAttributes({ namespace, searchAttributes });
}

/** What registers the attributes, for a shell. */
export const registerCommand = (namespace: string, missing: readonly string[]): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...Object.entries(SEARCH_ATTRIBUTES)
      .filter(([name]) => missing.includes(name))
      .map(([name, type]) => `--name ${name} --type ${type}`),
  ].join(' ');

/** An answer holds so long; attributes come and go with whoever runs the server. */
const HOLDS_MS = 60_000;

/**
 * Whether runs may be given our search attributes: a value for one that is not registered would stop a run. Not where the server
 * does not say.
 */
export function searchable(ask: () => Promise<FoundAttributes>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let until = 0;
  return async () => {
    if (answer === undefined || Date.now() >= until) {
      until = Date.now() + HOLDS_MS;
      answer = ask().then(
        ({ missing, otherType }) => missing.length + otherType.length === 0,
        () => false,
      );
    }
    return await answer;
  };
}
