/**
 * Page script: posts the address of a pressed button, with the fields that it names from its group, and reports the answer. A button with
 * `data-confirm` asks once: the first press changes its text, the second one within five seconds acts.
 */
export const ACTION_SCRIPT = `(()=>{
const said=document.getElementById('acted');
const disarm=(button)=>{if(button.dataset.label!==undefined){button.textContent=button.dataset.label;delete button.dataset.label}};
const act=async(button)=>{
  if(button.dataset.confirm&&button.dataset.label===undefined){
    button.dataset.label=button.textContent;button.textContent=button.dataset.confirm;
    setTimeout(()=>disarm(button),5000);
    return;
  }
  disarm(button);
  const body={};
  for(const name of (button.dataset.fields||'').split(' ').filter(Boolean)){
    const input=button.closest('.controls').querySelector('[name="'+name+'"]');
    if(!input.reportValidity())return;
    body[name]=input.type==='number'?Number(input.value):input.value;
  }
  button.disabled=true;
  const answer=await fetch(button.dataset.action,{method:'POST',headers:{authorization:'Bearer '+(sessionStorage.getItem('predictlab-token')||''),'content-type':'application/json'},body:JSON.stringify(body)}).catch(()=>null);
  const reply=answer?await answer.json().catch(()=>({})):{};
  button.disabled=false;
  said.textContent=answer&&answer.status===401?'This window has no token: open the address that predictlab ui --control printed.':reply.message||(answer?answer.status+' '+answer.statusText:'The server does not answer.');
  if(answer&&answer.ok&&reply.href)location.assign(reply.href);
};
document.addEventListener('click',(event)=>{
  const button=event.target instanceof Element?event.target.closest('button[data-action]'):null;
  if(button)void act(button);
});
})();`;
