import { html, type Markup } from '../elements/html.ts';
import { TOKEN_SCRIPT } from '../elements/live/actions.ts';
import { type PageOptions, page } from '../elements/page/page.ts';
import { PAGE_SCRIPT } from '../elements/page/page-script.ts';

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
