import { html, type Markup } from '../html.ts';

/** A part of a page that a live page replaces, by its name, when it has changed. */
export const livePart = (name: string, content: Markup): Markup => html`<div data-part="${name}">${content}</div>`;

/**
 * The element that holds a live page's addresses, and the line that reports a lost connection.
 * @param events address of the page's changes; `null` once nothing will change
 * @param more further attributes
 */
export const liveFrame = (events: string | null, more: Markup = html``): Markup =>
  html`<div id="live" hidden data-events="${events ?? ''}"${more}></div>
<p id="connection" role="status" class="quiet"></p>`;

/**
 * Page script: keeps a live page up to date. While its window is visible it requests the changes since its last request and dispatches them
 * on the document as `patches`.
 */
export const FOLLOW_SCRIPT = `(()=>{
const live=document.getElementById('live'),connection=document.getElementById('connection');
if(!live||live.dataset.events==='')return;
const ASK_MS=500,AGAIN_MS=2000,LATE_MS=20000;
let stop=null,since=0;
const say=(text)=>{if(connection.textContent!==text)connection.textContent=text};
const ask=async(signal)=>{
  // the timeout is needed since a request can stay open without an answer after sleep or behind some proxies
  const answer=await fetch(live.dataset.events+'?since='+since,{signal:AbortSignal.any([signal,AbortSignal.timeout(LATE_MS)])}).catch(()=>null);
  const changes=answer&&answer.ok?await answer.json().catch(()=>null):null;
  if(signal.aborted)return 0;
  if(changes===null){
    say(answer&&answer.status===404?'The server no longer has this page: what it showed was pruned, or never existed.':'The connection to the server is lost; this page continues when it is back.');
    return AGAIN_MS;
  }
  say(changes.still?'This page cannot be updated at the moment; it continues when the server can read it again.':'');
  since=changes.revision;
  if(changes.patches.length>0)document.dispatchEvent(new CustomEvent('patches',{detail:changes.patches}));
  if(!changes.ended)return ASK_MS;
  stop.abort();
  location.reload();
};
const begin=async()=>{
  if(stop!==null||document.visibilityState==='hidden')return;
  const {signal}=stop=new AbortController();
  while(!signal.aborted){const pause=await ask(signal);await new Promise((done)=>{setTimeout(done,pause)})}
};
const end=()=>{if(stop!==null)stop.abort();stop=null;say('')};
// a hidden page requests no changes
document.addEventListener('visibilitychange',()=>document.visibilityState==='hidden'?end():begin());
addEventListener('pagehide',end);
addEventListener('pageshow',begin);
begin();
})();`;

/**
 * Page script: replaces changed parts of a page, keeping focus, open folds, scroll positions and sorting, and highlights changed rows
 * once.
 */
export const PATCH_SCRIPT = `(()=>{
// the last text of each part, to skip unchanged parts; forgotten when a row inside the part changes
const texts=new WeakMap();
const partOf=(name)=>document.querySelector('[data-part="'+CSS.escape(name)+'"]');
const all=(element,what)=>[...element.querySelectorAll(what)];
const keyOf=(one)=>one.tagName+' '+(one.dataset.task||one.dataset.action||one.getAttribute('href')||one.textContent);
const withoutAges=(row)=>{const copy=row.cloneNode(true);for(const age of all(copy,'[data-age]'))age.remove();return copy.innerHTML};
const put=(element,html)=>{
  const active=element.contains(document.activeElement)?keyOf(document.activeElement):null;
  const open=all(element,'details').map((one)=>one.open);
  const places=all(element,'.scroll').map((one)=>[one.scrollLeft,one.scrollTop,one.scrollLeft>0&&one.scrollLeft>=one.scrollWidth-one.clientWidth-2]);
  const sorted=all(element,'table').map((one)=>{const head=one.querySelector('th[aria-sort]');return head&&[head.cellIndex,head.getAttribute('aria-sort')]});
  element.innerHTML=html;
  all(element,'details').forEach((one,i)=>{if(open[i])one.open=true});
  all(element,'table').forEach((one,i)=>{
    if(!sorted[i])return;
    const head=one.tHead.rows[0].cells[sorted[i][0]],button=head&&head.querySelector('.sort');
    for(let press=0;button&&press<2&&head.getAttribute('aria-sort')!==sorted[i][1];press++)button.click();
  });
  all(element,'.scroll').forEach((one,i)=>{if(places[i]){one.scrollLeft=places[i][2]?one.scrollWidth:places[i][0];one.scrollTop=places[i][1]}});
  const again=active===null?undefined:all(element,'a,button,input,summary,[tabindex]').find((one)=>keyOf(one)===active);
  if(again)again.focus({preventScroll:true});
};
document.addEventListener('patches',({detail})=>{
  for(const {part,html} of detail){
    const element=partOf(part);
    if(!element||texts.get(element)===html)continue;
    const isRow=element.tagName==='TR',before=isRow&&withoutAges(element);
    texts.set(element,html);
    for(let around=element.parentElement;around;around=around.parentElement)texts.delete(around);
    put(element,html);
    if(part==='title')document.title=element.textContent;
    if(isRow&&withoutAges(element)!==before){element.classList.remove('fresh');void element.offsetWidth;element.classList.add('fresh')}
  }
});
})();`;
