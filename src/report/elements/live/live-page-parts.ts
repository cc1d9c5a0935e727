import { html, type Markup } from '../html.ts';

/** A named part of a page that changes. */
export const livePart = (name: string, content: Markup): Markup => html`<div data-part="${name}">${content}</div>`;

/**
 * The element that holds a live page's addresses, and the line that reports a lost connection.
 * @param events address of the Server-Sent Events; `null` once nothing changes any more
 * @param more further attributes
 */
export const liveFrame = (events: string | null, more: Markup = html``): Markup =>
  html`<div id="live" hidden data-events="${events ?? ''}"${more}></div>
<p id="connection" role="status" class="quiet"></p>`;

/**
 * Page script: keeps a live page up to date. A browser opens at most six connections to a server, so all its windows of one page share one:
 * the window that holds the page's lock reads the stream and forwards it; when it closes or is hidden, another window gets the lock.
 * Different pages share three streams. Without a free stream, locks or news from the leading window, a window polls once a second. Changes
 * are dispatched on the document as `patches`.
 */
export const FOLLOW_SCRIPT = `(()=>{
const live=document.getElementById('live'),connection=document.getElementById('connection');
if(!live||live.dataset.events==='')return;
const address=live.dataset.events,name='predictlab '+address,self=Math.random().toString(36).slice(2),locks=typeof BroadcastChannel==='function'&&navigator.locks;
const STREAMS=3,ASK_MS=1000,AGAIN_MS=2000,SILENT_MS=40000,BEAT_MS=5000,HUNG_MS=20000,STILL='This page cannot be updated at the moment; it continues when the server can read it again.';
let channel=null,stop=null,leads=false,away=false,lastHeardAt=0;
const known=new Map();
const hear=({patches,isAway,ended})=>{
  if(ended)return location.reload();
  if(isAway!==undefined&&isAway!==away){away=isAway;connection.textContent=isAway===false?'':isAway===true?'The connection to the server is lost; this page continues when it is back.':isAway}
  if(patches)document.dispatchEvent(new CustomEvent('patches',{detail:patches}));
};
const broadcast=(message)=>{
  if(message.isAway!==undefined&&message.isAway===away)return;
  // in the order of their last change: windows that join later get them in this order
  for(const {part,html} of message.patches||[]){known.delete(part);known.set(part,html)}
  if(channel)channel.postMessage(message);
  hear(message);
};
const pause=(ms,signal)=>new Promise((done)=>{const timer=setTimeout(done,ms);signal.addEventListener('abort',()=>{clearTimeout(timer);done()},{once:true})});
const gone=(answer,say)=>{
  say({isAway:answer&&answer.status===404?'The server no longer has this page: what it showed was pruned, or never existed.':true});
};
const ask=async(signal,say)=>{
  const answer=await fetch(address+'?poll='+self,{signal}).catch(()=>null);
  if(signal.aborted)return;
  const said=answer&&answer.ok?await answer.json().catch(()=>null):null;
  if(said===null)gone(answer,say);
  else{say({isAway:said.still?STILL:false});if(said.patches.length>0)say({patches:said.patches});if(said.ended)say({ended:true})}
  await pause(said===null?AGAIN_MS:ASK_MS,signal);
};
const read=(signal)=>new Promise((done)=>{
  const source=new EventSource(address);
  let heard=performance.now();
  const end=()=>{source.close();clearInterval(silence);signal.removeEventListener('abort',end);done()};
  const on=(what,then)=>source.addEventListener(what,(event)=>{heard=performance.now();then(event)});
  // after sleep, or behind some proxies, a stream can stay open and silent forever
  const silence=setInterval(()=>{if(performance.now()-heard>SILENT_MS){broadcast({isAway:true});end()}},5000);
  signal.addEventListener('abort',end);
  on('open',()=>broadcast({isAway:false}));
  on('beat',()=>undefined);
  on('patch',(event)=>broadcast({patches:JSON.parse(event.data)}));
  on('still',(event)=>broadcast({isAway:event.data==='true'?STILL:false}));
  on('ended',()=>{end();broadcast({ended:true})});
  source.addEventListener('error',async()=>{
    // a browser retries by itself only without any answer, not after a proxy's 502
    if(source.readyState!==EventSource.CLOSED)return broadcast({isAway:true});
    gone(await fetch(location.pathname,{method:'HEAD',signal}).catch(()=>null),broadcast);
    await pause(AGAIN_MS,signal);
    end();
  });
});
const inStream=async(signal)=>{
  for(let i=1;i<=STREAMS;i++){
    if(await navigator.locks.request('predictlab stream '+i,{ifAvailable:true},async(lock)=>{if(lock&&!signal.aborted)await read(signal);return lock!==null}))return true;
  }
  return false;
};
const lead=async(signal)=>{
  leads=true;
  const beat=setInterval(()=>{if(channel)channel.postMessage({})},BEAT_MS);
  signal.addEventListener('abort',()=>clearInterval(beat));
  while(!signal.aborted)if(!(locks&&await inStream(signal)))await ask(signal,broadcast);
};
const listen=async(signal)=>{
  lastHeardAt=performance.now();
  while(!signal.aborted&&!leads){
    if(performance.now()-lastHeardAt>HUNG_MS)await ask(signal,hear);
    else await pause(BEAT_MS,signal);
  }
};
const begin=()=>{
  if(stop!==null||document.visibilityState==='hidden')return;
  const {signal}=stop=new AbortController();
  if(!locks)return void lead(signal);
  channel=new BroadcastChannel(name);
  channel.onmessage=({data})=>{
    if(data.joins!==undefined){if(leads)channel.postMessage({to:data.joins,isAway:away,patches:[...known].map(([part,html])=>({part,html}))})}
    else if(data.to===undefined||data.to===self){lastHeardAt=performance.now();hear(data)}
  };
  channel.postMessage({joins:self});
  navigator.locks.request(name,{signal},()=>lead(signal)).catch(()=>undefined);
  void listen(signal);
};
const end=()=>{if(stop===null)return;stop.abort();stop=null;leads=false;hear({isAway:false});known.clear();if(channel)channel.close();channel=null};
// a hidden page does not watch
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
const texts=new WeakMap();
// the last text of each part; forgotten when a row inside it changes
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
