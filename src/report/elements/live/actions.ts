import { html, type Markup } from '../html.ts';

export interface ActionButton {
  readonly label: string;
  /** The address that the button posts to. */
  readonly action: string;
  /** The reason why the button is disabled, shown on hover. @default the button is enabled */
  readonly off?: string | undefined;
  /** Text that the button shows after a first press; the second press acts. @default the first press acts */
  readonly confirm?: string;
  /** Names of the inputs in the same group whose values are sent, separated by spaces. @default none */
  readonly fields?: string;
}

/** A button that changes something; `ACTION_SCRIPT` posts it. */
export const actionButton = ({ label, action, off, confirm, fields }: ActionButton): Markup =>
  html`<button type="button" data-action="${action}"${off !== undefined && html` disabled title="${off}"`}${confirm !== undefined && html` data-confirm="${confirm}"`}${fields !== undefined && html` data-fields="${fields}"`}>${label}</button>`;

/** The line in which a page reports what an action did. */
export const actionStatus: Markup = html`<p id="acted" role="status"></p>`;

/**
 * Page script: posts the address and the input fields of a pressed button and reports the answer. A button with `data-confirm`
 * acts on a second press within five seconds.
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

/**
 * Page script: moves the token from `#token=` in the address to the window's storage, so that browser histories do not contain it.
 * A window without the token (opened by Ctrl-click) gets it from another window.
 */
export const TOKEN_SCRIPT = `(()=>{
const take=()=>{
  const given=/[#&]token=([^&]+)/.exec(location.hash);
  if(given){sessionStorage.setItem('predictlab-token',decodeURIComponent(given[1]));history.replaceState(null,'',location.pathname+location.search)}
};
take();
addEventListener('hashchange',take);
if(typeof BroadcastChannel==='function'){
  const windows=new BroadcastChannel('predictlab token'),held=()=>sessionStorage.getItem('predictlab-token');
  windows.onmessage=({data})=>{
    if(data.wanted&&held())windows.postMessage({token:held()});
    else if(data.token&&!held())sessionStorage.setItem('predictlab-token',data.token);
  };
  if(!held())windows.postMessage({wanted:true});
}
})();`;
