import { html, type Markup } from '../../elements/html.ts';
import { actionButton } from '../../elements/live/actions.ts';
import { liveFrame } from '../../elements/live/live-page-parts.ts';
import type { RunOnPage } from '../run-data.ts';

export type LivePart = 'head' | 'causes' | 'tasks' | 'time' | 'graph' | 'symbols' | 'custom-tasks' | 'stages' | 'controls';

/** Addresses on the server that serves a run's live page. */
export interface LiveAddresses {
  /** Address of the page's changes; `null` once the run has ended. */
  readonly events: string | null;
  /** Address of the tasks' drawers, to which the page appends the encoded task id. */
  readonly task: string;
  /** Whether the page has buttons that change the run. */
  readonly control: boolean;
}

/** The elements of a run's live page for its addresses and its drawer. */
export const liveRunFrame = (live: LiveAddresses): Markup =>
  html`${liveFrame(live.events, html` data-task="${live.task}"`)}
<aside id="drawer" hidden aria-label="Task"><button type="button" class="close">close</button><div id="drawer-content" tabindex="-1"></div></aside>`;

/** Buttons for the actions on a run; actions that are not possible now have a disabled button that says why. */
export const controls = (result: RunOnPage): Markup => {
  const address = `/runs/${encodeURIComponent(result.runId)}`;
  const { failed, skipped } = result.statusBreakdown;
  const nothingFailed = failed + skipped === 0 ? 'no task has failed or was skipped' : undefined;
  if (result.finishedAt !== null)
    return html`<p class="controls">${actionButton({ label: 'Retry what failed', action: `${address}/retry`, off: result.result === 'success' ? 'every task succeeded' : undefined })}</p>`;
  return html`<p class="controls">${[
    actionButton({ label: 'Pause', action: `${address}/pause`, off: result.paused ? 'the run is paused' : undefined }),
    actionButton({ label: 'Resume', action: `${address}/resume`, off: result.paused ? undefined : 'the run is not paused' }),
    actionButton({ label: 'Retry failed', action: `${address}/retry`, off: nothingFailed }),
  ]}<label>slots <input type="number" name="value" min="1" max="1000" step="1" required value="${result.maxConcurrent}"></label>${actionButton({ label: 'Set', action: `${address}/slots`, fields: 'value' })}
${actionButton({ label: 'Cancel', action: `${address}/cancel`, confirm: 'Press again to cancel the run' })}</p>`;
};

/** Page script: opens a task's drawer on a run's live page and keeps it up to date. */
export const DRAWER_SCRIPT = `(()=>{
const live=document.getElementById('live');
const drawer=document.getElementById('drawer'),content=document.getElementById('drawer-content');
let shown=null,opener=null;
let loadedAt=0;
const show=async(task)=>{
  loadedAt=performance.now();
  const answer=await fetch(live.dataset.task+encodeURIComponent(task)).catch(()=>null);
  const text=answer&&answer.ok?await answer.text():'';
  if(shown!==task)return;
  const end=content.scrollTop+content.clientHeight>=content.scrollHeight-4;
  const focused=content.contains(document.activeElement)&&document.activeElement.dataset.task,open=[...content.querySelectorAll('details')].map((one)=>one.open);
  if(text!=='')content.innerHTML=text;else content.textContent='The server does not answer.';
  [...content.querySelectorAll('details')].forEach((one,i)=>{one.open=open[i]===true});
  const again=focused&&[...content.querySelectorAll('[data-task]')].find((one)=>one.dataset.task===focused);
  if(again)again.focus();
  if(end)content.scrollTop=content.scrollHeight;
};
const close=()=>{if(shown===null)return;const task=shown;shown=null;drawer.hidden=true;
  const back=[...document.querySelectorAll('[data-task]')].find((button)=>button.dataset.task===task)||opener;if(back)back.focus()};
const open=(button)=>{shown=button.dataset.task;opener=button;content.textContent='';drawer.hidden=false;void show(shown).then(()=>content.focus())};
document.addEventListener('click',(event)=>{
  const target=event.target instanceof Element?event.target:null;
  const task=target&&target.closest('[data-task]:not(#live)');
  if(task)open(task);else if(target&&target.closest('#drawer .close'))close();
});
document.addEventListener('keydown',(event)=>{if(event.key==='Escape')close()});
// an open drawer is loaded again at most once a second
let due=0;
document.addEventListener('patches',()=>{
  if(shown===null||due!==0)return;
  due=setTimeout(()=>{due=0;if(shown!==null)void show(shown)},Math.max(0,loadedAt+1000-performance.now()));
});
})();`;
