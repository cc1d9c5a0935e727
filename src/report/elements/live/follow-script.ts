/**
 * Keeps a page at what the server says, with one connection for all windows of a browser that show it: a browser has six to a server, and
 * each stream holds one. The window that has the page's lock reads the stream and tells the others; when it goes, or is hidden, the next
 * one has the lock. Windows that show different pages share three streams; what finds none free asks once a second, and so does every
 * window of a browser without locks, and one whose reading window tells nothing (it hangs, and keeps the lock). What changed is dispatched
 * on the document as `patches`.
 */
export const FOLLOW_SCRIPT = `(()=>{
const live=document.getElementById('live'),connection=document.getElementById('connection');
if(!live||live.dataset.events==='')return;
const address=live.dataset.events,name='predictlab '+address,self=Math.random().toString(36).slice(2),locks=typeof BroadcastChannel==='function'&&navigator.locks;
const STREAMS=3,ASK_MS=1000,AGAIN_MS=2000,SILENT_MS=40000,BEAT_MS=5000,HUNG_MS=20000,STILL='What this page shows cannot be read at the moment: it stands still until it can.';
let channel=null,stop=null,leads=false,away=false,told=0;
const known=new Map();
const hear=({patches,isAway,ended})=>{
  if(ended)return location.reload();
  if(isAway!==undefined&&isAway!==away){away=isAway;connection.textContent=isAway===false?'':isAway===true?'The connection to the server is lost; this page stands still until it is back.':isAway}
  if(patches)document.dispatchEvent(new CustomEvent('patches',{detail:patches}));
};
const tell=(message)=>{
  if(message.isAway!==undefined&&message.isAway===away)return;
  // in the order in which they were last said: whoever comes later is told them again
  for(const {part,html} of message.patches||[]){known.delete(part);known.set(part,html)}
  if(channel)channel.postMessage(message);
  hear(message);
};
const pause=(ms,signal)=>new Promise((done)=>{const timer=setTimeout(done,ms);signal.addEventListener('abort',()=>{clearTimeout(timer);done()},{once:true})});
const gone=(answer,say)=>{
  say({isAway:answer&&answer.status===404?'The server has nothing of this page any more: what it showed was pruned, or never was here.':true});
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
  // a machine that slept, or a proxy that forgot us, leaves a stream that says nothing ever again
  const silence=setInterval(()=>{if(performance.now()-heard>SILENT_MS){tell({isAway:true});end()}},5000);
  signal.addEventListener('abort',end);
  on('open',()=>tell({isAway:false}));
  on('beat',()=>undefined);
  on('patch',(event)=>tell({patches:JSON.parse(event.data)}));
  on('still',(event)=>tell({isAway:event.data==='true'?STILL:false}));
  on('ended',()=>{end();tell({ended:true})});
  source.addEventListener('error',async()=>{
    // a browser tries again by itself only where nobody answered, not after a proxy's 502
    if(source.readyState!==EventSource.CLOSED)return tell({isAway:true});
    gone(await fetch(location.pathname,{method:'HEAD',signal}).catch(()=>null),tell);
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
  while(!signal.aborted)if(!(locks&&await inStream(signal)))await ask(signal,tell);
};
const listen=async(signal)=>{
  told=performance.now();
  while(!signal.aborted&&!leads){
    if(performance.now()-told>HUNG_MS)await ask(signal,hear);
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
    else if(data.to===undefined||data.to===self){told=performance.now();hear(data)}
  };
  channel.postMessage({joins:self});
  navigator.locks.request(name,{signal},()=>lead(signal)).catch(()=>undefined);
  void listen(signal);
};
const end=()=>{if(stop===null)return;stop.abort();stop=null;leads=false;hear({isAway:false});known.clear();if(channel)channel.close();channel=null};
// a page that nobody sees watches nothing
document.addEventListener('visibilitychange',()=>document.visibilityState==='hidden'?end():begin());
addEventListener('pagehide',end);
addEventListener('pageshow',begin);
begin();
})();`;
