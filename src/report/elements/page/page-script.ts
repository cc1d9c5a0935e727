/**
 * Page script: sorts a table by the pressed column head (empty cells last), and places explanations next to what they explain.
 * Arrow keys move between a table's heads and its cells with explanations, which are not tab stops.
 * The time zone button switches all times between UTC and local time.
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
document.addEventListener('keydown',(event)=>{
  const step={ArrowRight:1,ArrowLeft:-1,ArrowDown:'down',ArrowUp:'up'}[event.key];
  const table=step!==undefined&&event.target instanceof Element&&event.target.matches('.sort,.tip,.task')?event.target.closest('table'):null;
  if(!table)return;
  const stops=[...table.querySelectorAll('.sort,.tip[tabindex],.task')].filter((one)=>one.offsetParent!==null),at=stops.indexOf(event.target),cell=event.target.closest('th,td');
  const column=(one)=>one.closest('th,td').cellIndex,row=(one)=>one.closest('tr').rowIndex;
  const next=typeof step==='number'?stops[at+step]:step==='down'?stops.slice(at+1).find((one)=>row(one)>row(event.target)&&column(one)===cell.cellIndex):stops.slice(0,Math.max(0,at)).reverse().find((one)=>row(one)<row(event.target)&&column(one)===cell.cellIndex);
  if(next){event.preventDefault();next.focus()}
});
const zone=document.querySelector('button.zone');
if(zone){
  let local=false;
  const two=(n)=>String(n).padStart(2,'0'),day=(d)=>two(d.getMonth()+1)+'-'+two(d.getDate()),clock=(d)=>two(d.getHours())+':'+two(d.getMinutes());
  const offset=(d)=>{const m=-d.getTimezoneOffset();return(m<0?'−':'+')+two(Math.floor(Math.abs(m)/60))+':'+two(Math.abs(m)%60)};
  const stamp=/(\\d{4})-(\\d\\d)-(\\d\\d) (\\d\\d):(\\d\\d)(:\\d\\d)?Z/g,texts=new Map(),words=document.querySelector('.zone-words');
  const walk=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);
  while(walk.nextNode()){const node=walk.currentNode;if(!node.parentElement.closest('script')&&node.data.search(stamp)!==-1)texts.set(node,node.data)}
  const labels=[...document.querySelectorAll('.x[data-t]')].map((label)=>[label,label.textContent,new Date(Number(label.dataset.t))]);
  const show=()=>{
    for(const [node,text] of texts)node.data=local?text.replace(stamp,(whole,y,m,d,h,min,s)=>{const at=new Date(Date.UTC(+y,m-1,+d,+h,+min,s?+s.slice(1):0));
      return at.getFullYear()+'-'+day(at)+' '+clock(at)+(s||'')+offset(at)}):text;
    for(const [label,text,at] of labels)label.textContent=!local?text:text.length===5&&text[2]===':'?clock(at):day(at)+(clock(at)==='00:00'?'':' '+clock(at));
    zone.textContent=local?'UTC':'local time';
    if(words)words.textContent=local?'times are those of this machine':'times are UTC';
    document.dispatchEvent(new CustomEvent('zone',{detail:local}));
  };
  zone.hidden=false;
  zone.addEventListener('click',()=>{local=!local;show()});
}
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
