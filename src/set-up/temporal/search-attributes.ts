import type { OperatorService } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes.ts';

const TYPE_NUMBERS = { Keyword: 2, KeywordList: 7 } as const;

export interface FoundAttributes {
  readonly missing: readonly string[];
  /** Attributes that are registered with another type and would refuse PredictLab's values. */
  readonly otherType: readonly string[];
}

/** Finds the search attributes that a namespace lacks. @throws the error of the call, such as a missing permission */
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

/** The shell command that registers the missing attributes. */
export const registerCommand = (namespace: string, missing: readonly string[]): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...Object.entries(SEARCH_ATTRIBUTES)
      .filter(([name]) => missing.includes(name))
      .map(([name, type]) => `--name ${name} --type ${type}`),
  ].join(' ');

/** Milliseconds for which an answer is cached. It is short, because the server's operator may change the attributes at any time. */
const HOLDS_MS = 60_000;

/**
 * Returns a function that returns whether runs may set the search attributes; false also if the server does not answer.
 * Setting an attribute that is not registered would stop a run.
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
