/**
 * Takes the token that stands behind `#token=` in a page's address and keeps it for this window: pages that are gone on to from here act
 * with it, and it stands in no history.
 */
export const TOKEN_SCRIPT = `(()=>{
const take=()=>{
  const given=/[#&]token=([^&]+)/.exec(location.hash);
  if(given){sessionStorage.setItem('predictlab-token',decodeURIComponent(given[1]));history.replaceState(null,'',location.pathname+location.search)}
};
take();
addEventListener('hashchange',take);
})();`;
