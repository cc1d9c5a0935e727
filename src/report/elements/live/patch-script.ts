/**
 * Page script: replaces changed parts of a page and highlights each row once whose content changed, ages aside. Focus, open folds, scroll
 * positions and the order of sorted tables stay.
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
