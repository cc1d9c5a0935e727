/**
 * Keeps an open run's page true: replaces the parts that the server says have changed, where they stand, and lets each glow once. Opens
 * a task's drawer, and posts what the page's buttons do with the token that stands behind `#token=` in its address.
 */
export const LIVE_SCRIPT = `(()=>{
const live=document.getElementById('live');
if(!live)return;
const drawer=document.getElementById('drawer'),content=document.getElementById('drawer-content'),connection=document.getElementById('connection');
const parts=()=>new Map([...document.querySelectorAll('[data-part]')].map((part)=>[part.dataset.part,part]));
let shown=null,opener=null;
const show=async(task)=>{
  const answer=await fetch(live.dataset.task+encodeURIComponent(task)).catch(()=>null);
  const text=answer&&answer.ok?await answer.text():'';
  if(shown!==task)return;
  const end=content.scrollTop+content.clientHeight>=content.scrollHeight-4;
  if(text!=='')content.innerHTML=text;else content.textContent='The server does not answer.';
  if(end)content.scrollTop=content.scrollHeight;
};
const close=()=>{if(shown===null)return;const task=shown;shown=null;drawer.hidden=true;
  const back=[...document.querySelectorAll('[data-task]')].find((button)=>button.dataset.task===task)||opener;if(back)back.focus()};
const open=(button)=>{shown=button.dataset.task;opener=button;content.textContent='';drawer.hidden=false;void show(shown).then(()=>content.focus())};
const token=()=>{const given=/[#&]token=([^&]+)/.exec(location.hash);
  if(given){sessionStorage.setItem('predictlab-token',decodeURIComponent(given[1]));history.replaceState(null,'',location.pathname+location.search)}
  return sessionStorage.getItem('predictlab-token')||''};
token();
const act=async(button)=>{
  const acted=document.getElementById('acted'),action=button.dataset.action,slots=document.querySelector('input[name=slots]');
  button.disabled=true;
  const answer=await fetch(live.dataset.actions+action,{method:'POST',headers:{authorization:'Bearer '+token(),'content-type':'application/json'},
    body:JSON.stringify(action==='slots'?{value:Number(slots.value)}:{})}).catch(()=>null);
  const said=answer?await answer.json().catch(()=>({})):{};
  button.disabled=false;
  acted.textContent=said.message||(answer?answer.status+' '+answer.statusText:'the server does not answer');
  if(answer&&answer.ok&&said.href)location.assign(said.href);
};
document.addEventListener('click',(event)=>{
  const target=event.target instanceof Element?event.target:null;
  const task=target&&target.closest('[data-task]:not(#live)'),action=target&&target.closest('[data-action]');
  if(task)open(task);else if(action)void act(action);else if(target&&target.closest('#drawer .close'))close();
});
document.addEventListener('keydown',(event)=>{if(event.key==='Escape')close()});
if(live.dataset.events==='')return;
const patched=(event)=>{
  const now=parts();
  for(const {part,html} of JSON.parse(event.data)){
    const element=now.get(part);
    if(!element)continue;
    const focused=element.contains(document.activeElement)?document.activeElement.dataset.task:undefined;
    element.innerHTML=html;
    if(focused!==undefined){const again=[...element.querySelectorAll('[data-task]')].find((button)=>button.dataset.task===focused);if(again)again.focus()}
    if(element.tagName==='TR'){element.classList.remove('fresh');void element.offsetWidth;element.classList.add('fresh')}
  }
  if(shown!==null)void show(shown);
};
let source=null;
const listen=()=>{
  if(source!==null||document.visibilityState==='hidden')return;
  const stream=source=new EventSource(live.dataset.events);
  stream.addEventListener('open',()=>{connection.textContent=''});
  stream.addEventListener('error',()=>{
    connection.textContent='The connection to the server is lost; this page stands still until it is back.';
    // a browser tries again by itself only where nobody answered, not after a proxy's 502
    if(stream.readyState===EventSource.CLOSED&&source===stream){source=null;setTimeout(listen,2000)}
  });
  stream.addEventListener('patch',patched);
  stream.addEventListener('ended',()=>{stream.close();location.reload()});
};
// a browser keeps six connections to a server, for all its tabs: the seventh page would not even load
document.addEventListener('visibilitychange',()=>{if(document.visibilityState==='hidden'){if(source)source.close();source=null}else listen()});
listen();
})();`;
