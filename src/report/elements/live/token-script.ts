/**
 * Page script: moves the token from `#token=` in the page's address to this window's storage, so that the pages opened from here can act
 * and no history contains it. A window without the token, as one that was opened by Ctrl-click, gets it from another window.
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
