import { html, type Markup } from '../elements/html.ts';
import { TOKEN_SCRIPT } from '../elements/live/actions.ts';
import { type PageOptions, page } from '../elements/page/page.ts';

/** The pages of the navigation, in their order. */
const PAGES = {
  runs: '/',
  symbols: '/symbols',
  events: '/events',
  research: '/research',
  incidents: '/incidents',
  schedule: '/schedule',
  plan: '/plan',
} as const;
type SitePage = keyof typeof PAGES;

/** Maximum number of answers that the search field lists. */
export const MAX_FOUND = 12;

export interface FoundPage {
  readonly kind: 'command' | 'symbol' | 'event' | 'market' | 'run';
  readonly name: string;
  readonly href: string;
  readonly about: string;
}

const COMMANDS: readonly Omit<FoundPage, 'kind'>[] = [
  { name: 'start a run', href: '/plan', about: 'shows first what it would do' },
  { name: 'backfill', href: '/schedule', about: 'one run per firing of a range in the past' },
  { name: 'trigger, pause or resume the schedule', href: '/schedule', about: 'and its next and last runs' },
  { name: 'open incidents and failures', href: '/incidents', about: 'cause, effect and alerts' },
  { name: 'failed symbols', href: '/symbols', about: 'those that need attention first' },
  { name: 'gaps', href: '/symbols', about: 'what was not collected of each symbol' },
  { name: 'twins that differ most', href: '/events', about: 'prices of one market at two venues' },
  { name: 'compare strategies', href: '/research', about: 'return over holding, grids, trade by trade' },
];

/** The commands and pages whose name or description contains every word of the text. */
export const findCommands = (text: string): readonly FoundPage[] => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const pages = Object.entries(PAGES).map(([name, href]) => ({ name: `go to ${name}`, href, about: 'page' }));
  return [...COMMANDS, ...pages]
    .filter(({ name, about }) => words.every((word) => `${name} ${about}`.includes(word)))
    .map((one) => ({ kind: 'command', ...one }));
};

/**
 * Renders a page of the site; only a page that a server serves has the line of navigation and its scripts.
 * @param options.current the page of the navigation that is marked
 * @param options.isServed @default true
 * @param options.scripts further scripts
 */
export const sitePage = ({
  current,
  isServed = true,
  scripts = [],
  ...options
}: Omit<PageOptions, 'nav' | 'callsServer'> & { readonly current: SitePage; readonly isServed?: boolean }): string =>
  page({
    ...options,
    nav: isServed && siteNav(current),
    callsServer: isServed,
    scripts: [PAGE_SCRIPT, ...(isServed ? [FIND_SCRIPT, TOKEN_SCRIPT] : []), ...scripts],
  });

/** The line of navigation of the live pages, with the search field that `/` focuses. */
const siteNav = (current: SitePage): Markup => html`<nav class="site" aria-label="PredictLab"><b>PredictLab</b>
${Object.entries(PAGES).map(([name, href]) => html`<a href="${href}"${name === current && html` aria-current="page"`}>${name[0].toUpperCase()}${name.slice(1)}</a>`)}
<span class="find"><input id="find" type="search" placeholder="/ symbol, event, run, command" aria-label="Find a symbol, an event, a run or a command" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="found"><ul id="found" hidden></ul></span></nav>
`;

/**
 * Page script: `/` focuses the search field, which lists matching symbols, events, runs and commands, and the buttons of the page; Enter
 * chooses the first one or the one that the arrow keys chose; Escape closes the list. Without a text it lists the commands.
 */
const FIND_SCRIPT = `(()=>{
const field=document.getElementById('find'),found=document.getElementById('found');
if(!field)return;
let asked=0,due=0,shown=null;
const close=()=>{found.hidden=true;found.textContent='';field.setAttribute('aria-expanded','false')};
const show=(list)=>{
  found.textContent='';
  for(const {kind,name,href,about,button} of list){
    const row=document.createElement('li'),link=document.createElement('a'),note=document.createElement('span');
    link.href=href;link.textContent=name;note.textContent=' '+kind+(about?', '+about:'');note.className='quiet';
    row.append(link,note);found.append(row);
    if(button)link.addEventListener('click',(event)=>{event.preventDefault();close();button.scrollIntoView({block:'center'});button.focus();button.click()});
  }
  if(list.length===0){const row=document.createElement('li');row.textContent='nothing has this text';found.append(row)}
  found.hidden=false;field.setAttribute('aria-expanded','true');
};
const search=async()=>{
  const text=field.value.trim(),turn=++asked;
  const answer=await fetch('/find?text='+encodeURIComponent(text)).catch(()=>null);
  const list=answer&&answer.ok?await answer.json().catch(()=>[]):[];
  if(turn===asked&&field.value.trim()===text&&document.activeElement===field){shown=text;show([...buttons(text),...list])}
};
// the page's buttons whose text matches; choosing one presses it, so it still asks for confirmation if it has to
const buttons=(text)=>text===''?[]:[...document.querySelectorAll('button[data-action]:not(:disabled)')].filter((one)=>one.textContent.toLowerCase().includes(text.toLowerCase())).map((button)=>({kind:'button of this page',name:button.textContent,href:location.pathname,button}));
field.addEventListener('click',()=>{if(found.hidden)void search()});
field.addEventListener('input',()=>{clearTimeout(due);due=setTimeout(search,80)});
const links=()=>[...found.querySelectorAll('a')];
// keys act only on the list for the text in the field: they wait for it instead of using an older one
const first=async()=>{const text=field.value.trim();if(found.hidden||shown!==text){clearTimeout(due);await search()}return shown===field.value.trim()?links()[0]:undefined};
document.addEventListener('keydown',(event)=>{
  const inside=event.target===field||found.contains(event.target);
  if(event.key==='/'&&!inside&&!/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)){event.preventDefault();field.focus();field.select();void search()}
  if(!inside)return;
  const all=links(),at=all.indexOf(document.activeElement);
  if(event.key==='Escape'){close();field.focus()}
  else if(event.key==='ArrowDown'&&event.target===field){event.preventDefault();void first().then((link)=>link?.focus())}
  else if(event.key==='ArrowDown'&&all.length>0){event.preventDefault();all[Math.min(at+1,all.length-1)].focus()}
  else if(event.key==='ArrowUp'&&at>=0){event.preventDefault();(all[at-1]||field).focus()}
  else if(event.key==='Enter'&&event.target===field){event.preventDefault();void first().then((link)=>link?.click())}
});
document.addEventListener('click',(event)=>{if(!event.target.closest('.find'))close()});
})();`;

/**
 * Page script: sorts a table by the pressed column head (empty cells last), and places explanations next to what they explain.
 * Arrow keys move between a table's heads and its cells with explanations, which are not tab stops.
 * The time zone button switches all times between UTC and local time.
 */
const PAGE_SCRIPT = `(()=>{
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
