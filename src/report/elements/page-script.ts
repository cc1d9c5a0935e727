/**
 * Sorts a table by the column whose head is pressed (cells without a value stay last in both directions), and puts explanations beside
 * what they explain; without it they stand at the window's lower edge.
 */
export const PAGE_SCRIPT = `(()=>{
const value=(row,i)=>{const v=row.cells[i].dataset.v;return v===undefined?null:v!==''&&isFinite(v)?Number(v):v};
document.addEventListener('click',(event)=>{
  const button=event.target instanceof Element?event.target.closest('.sort'):null;
  if(!button)return;
  const head=button.parentElement,body=head.closest('table').tBodies[0],i=head.cellIndex;
  const rows=[...body.rows],numeric=rows.some((row)=>typeof value(row,i)==='number');
  const next=head.getAttribute('aria-sort')==='descending'?'ascending':head.getAttribute('aria-sort')==='ascending'?'descending':numeric?'descending':'ascending';
  for(const other of head.parentElement.cells)other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort',next);
  const sign=next==='ascending'?1:-1;
  rows.sort((a,b)=>{const x=value(a,i),y=value(b,i);
    if(x===null||y===null)return(x===null)-(y===null);
    return sign*(x<y?-1:x>y?1:0)});
  body.append(...rows);
});
const place=(event)=>{
  const tip=event.target instanceof Element?event.target.closest('.tip,.tip-next'):null;
  if(!tip)return;
  const text=tip.classList.contains('tip')?tip.querySelector(':scope>.tip-text'):tip.nextElementSibling;
  if(!text)return;
  const at=tip.getBoundingClientRect(),right=at.left>innerWidth/2,up=at.bottom>innerHeight*.75;
  const set=(name,value)=>text.style.setProperty('--tip-'+name,value);
  set('left',right?'auto':at.left+'px');set('right',right?Math.max(8,document.documentElement.clientWidth-at.right)+'px':'auto');
  set('top',up?'auto':at.bottom+4+'px');set('bottom',up?innerHeight-at.top+4+'px':'auto');
};
document.addEventListener('pointerover',place);
document.addEventListener('focusin',place);
})();`;
