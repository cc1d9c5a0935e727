/**
 * Page script: opens a task's drawer on a run's live page and keeps it up to date.
 */
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
