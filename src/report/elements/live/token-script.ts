/**
 * Page script: moves the token from `#token=` in the page's address to this window's storage, so that the pages opened from here can act
 * and no history contains it.
 */
export const TOKEN_SCRIPT = `(()=>{
const take=()=>{
  const given=/[#&]token=([^&]+)/.exec(location.hash);
  if(given){sessionStorage.setItem('predictlab-token',decodeURIComponent(given[1]));history.replaceState(null,'',location.pathname+location.search)}
};
take();
addEventListener('hashchange',take);
})();`;
