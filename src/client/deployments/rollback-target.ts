import type { DeploymentView } from './deployments.ts';

/** A change by `predictlab deploy` of the build that new runs go to. null stands for the workers without a version. */
export interface Release {
  readonly action: 'canary' | 'promote' | 'rollback';
  readonly from: string | null;
  readonly to: string | null;
}

/** The change that a rollback makes. */
export type Rollback =
  /** Ends a ramp: all new runs go to the current build again. */
  | { readonly kind: 'end-ramp'; readonly build: string; readonly to: string | null }
  /** Makes an earlier build current again. */
  | { readonly kind: 'set-current'; readonly build: string; readonly to: string | null };

/**
 * Decides what a rollback does. It ends a ramp if there is one, else it returns to the build that was current before, according to the
 * recorded releases. A second rollback goes one step further back. If another tool has changed the routing, it returns to the build that
 * was retired last.
 * @param releases the recorded releases and rollbacks of this deployment, oldest first
 * @returns undefined if no other build was ever current
 */
export function rollbackTarget(view: DeploymentView, releases: readonly Release[]): Rollback | undefined {
  if (view.ramping !== null) return { kind: 'end-ramp', build: view.ramping.buildId, to: view.current };
  if (view.current === null) return undefined;
  const were: (string | null)[] = [];
  for (const { action, from, to } of releases) {
    if (action === 'promote') {
      if (were.at(-1) !== from) were.push(from);
      if (to !== from) were.push(to);
    }
    if (action === 'rollback' && were.length > 1 && were.at(-1) === from) were.pop();
  }
  const { current: build } = view;
  if (were.length > 1 && were.at(-1) === build) return { kind: 'set-current', build, to: were.at(-2) ?? null };
  // Builds that were rolled back and not promoted again since: a rollback never returns to them.
  const takenBack = new Set(
    releases
      .filter(
        ({ action, from }, at) =>
          action === 'rollback' && !releases.slice(at).some((later) => later.action === 'promote' && later.to === from),
      )
      .map(({ from }) => from),
  );
  const [retired] = view.versions
    .filter(
      (version) => version.buildId !== build && version.currentAt !== null && version.retiredAt !== null && !takenBack.has(version.buildId),
    )
    .sort((a, b) => String(b.retiredAt).localeCompare(String(a.retiredAt)));
  return retired === undefined ? undefined : { kind: 'set-current', build, to: retired.buildId };
}
