import type { DeploymentView } from './deployments.ts';

/** A change of the routing of new runs by `predictlab deploy`. A build of null means unversioned workers. */
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
 * Decides what a rollback does: it ends a ramp; else it returns to the build that was current before the current one by the recorded
 * releases and rollbacks, so that a second rollback goes one step further back. Where another tool changed the routing, it returns to the
 * build that was retired last.
 * @param releases of this deployment, oldest first
 * @returns undefined when nothing was ever current before
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
  // A build that was rolled back must not return when a later build is rolled back.
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
