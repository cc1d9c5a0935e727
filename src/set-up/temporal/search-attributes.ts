import type { OperatorService } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes.ts';

const TYPE_NUMBERS = { Keyword: 2, KeywordList: 7 } as const;

export interface FoundAttributes {
  readonly missing: readonly string[];
  /** Attributes registered with another type, which would refuse our values. */
  readonly otherType: readonly string[];
}

/** Finds which of our search attributes a namespace lacks. @throws the error of the call, also when it is not permitted */
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

/** Registers the search attributes that a namespace lacks. */
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

/** The shell command that registers the attributes. */
export const registerCommand = (namespace: string, missing: readonly string[]): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...Object.entries(SEARCH_ATTRIBUTES)
      .filter(([name]) => missing.includes(name))
      .map(([name, type]) => `--name ${name} --type ${type}`),
  ].join(' ');

/** Milliseconds for which the result is cached, since the server's operator may change the attributes at any time. */
const HOLDS_MS = 60_000;

/**
 * Returns a function that says whether runs may set our search attributes: setting an unregistered one would stop a run.
 * False where the server does not answer.
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
