/** Colours of every page, light and dark; teal and orange mean up and down. Text has a contrast of at least 4.5:1 on its backgrounds. */
const LIGHT = `--ground:#fff;--raised:#f5f7f8;--text:#16202a;--quiet:#51606d;--line:#d5dce1;--grid:#e7ecef;--accent:#0a5f9e;
--up:#00756a;--down:#b54708;--warn:#855400;--hatch:#a9b4bd;--shade-1:#5b7f99;--shade-2:#9bb4c5`;
const DARK = `--ground:#0e1418;--raised:#161e24;--text:#e4eaee;--quiet:#9db0bd;--line:#2c3942;--grid:#1d272e;--accent:#72b7f2;
--up:#3fc4b0;--down:#f2994f;--warn:#e3b04b;--hatch:#566672;--shade-1:#6f9bb8;--shade-2:#42647b`;

const TAB_RULES = Array.from(
  { length: 11 },
  (_, i) =>
    `.tabs>input:nth-of-type(${i + 1}):checked~.panels>.panel:nth-child(${i + 1}){display:block}.tabs>input:nth-of-type(${i + 1}):checked~.labels>label:nth-child(${i + 1}){color:var(--text);border-color:var(--accent)}.tabs>input:nth-of-type(${i + 1}):focus-visible~.labels>label:nth-child(${i + 1}){outline:2px solid var(--accent);outline-offset:1px}`,
).join('\n');

/** The light colours by name, for pictures outside of pages. */
export const LIGHT_COLOURS: ReadonlyMap<string, string> = new Map(
  [...LIGHT.matchAll(/--([a-z0-9-]+):([^;\s]+)/g)].map(([, name, value]) => [name, value]),
);

/** The style sheet of every page: light and dark, black on white in print. */
export const THEME_CSS = `:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;padding:16px 24px 32px;max-width:1440px;background:var(--ground);color:var(--text);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
body{overflow-wrap:anywhere}
body.full{max-width:none}
h1{font-size:20px;line-height:1.3;margin:0;font-weight:650;overflow-wrap:anywhere}
h2{font-size:12px;line-height:1.4;margin:28px 0 8px;padding-bottom:4px;border-bottom:1px solid var(--line);font-weight:650;letter-spacing:.06em;text-transform:uppercase;color:var(--quiet)}
h2.plain{font-size:16px;letter-spacing:0;text-transform:none;color:var(--text);overflow-wrap:anywhere}
h3{font-size:13px;margin:16px 0 6px;font-weight:650}
p{margin:4px 0}
a{color:var(--accent);text-underline-offset:2px}
code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{margin:6px 0;padding:8px 10px;background:var(--raised);overflow-x:auto;max-width:100%;white-space:pre-wrap;overflow-wrap:anywhere}
.site{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline;margin:-4px 0 14px;padding-bottom:6px;border-bottom:1px solid var(--line)}
.site a{text-decoration:none}.site a[aria-current]{color:var(--text);font-weight:600;border-bottom:2px solid var(--accent)}
.find{position:relative;margin-left:auto}.find input,.filter input[type=search],.filter select{font:inherit;width:18em;max-width:60vw;color:var(--text);background:var(--ground);border:1px solid var(--line);padding:1px 6px}.filter select{width:auto}
#found{position:absolute;right:0;top:100%;z-index:8;margin:2px 0 0;padding:4px 10px;min-width:100%;max-width:90vw;list-style:none;background:var(--raised);border:1px solid var(--line)}#found li{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.over{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline}
.kind{font-size:12px;font-weight:650;letter-spacing:.06em;color:var(--quiet);text-transform:uppercase}
.facts{display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0 0;color:var(--quiet)}
.facts>*{min-width:0;overflow-wrap:anywhere}
.facts b{color:var(--text);font-weight:600}
.cause{display:block;white-space:normal;min-width:24ch;max-width:80ch;overflow-wrap:anywhere}.incidents{color:var(--warn)}
.links{display:flex;gap:14px;margin-left:auto}
.quiet{color:var(--quiet)}
.none{color:var(--quiet);margin:4px 0}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.state{white-space:nowrap;font-weight:600}
.success,.up{color:var(--up)}.failed,.down{color:var(--down)}.degraded{color:var(--warn)}.running{color:var(--accent)}
.pending,.skipped,.cancelled{color:var(--quiet)}
.causes{list-style:none;margin:12px 0 0;padding:0;border-left:3px solid var(--line)}
.causes li{padding:3px 0 3px 12px;overflow-wrap:anywhere}
.causes .state{margin-right:6px}
.causes.bad{border-color:var(--down)}.causes.warned{border-color:var(--warn)}.causes.good{border-color:var(--up)}
.columns{display:grid;grid-template-columns:auto minmax(0,1fr);gap:0 40px}
.halves{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 40px}
.columns>*,.halves>*{min-width:0}
table{border-collapse:collapse;font-size:13px}
caption{text-align:left;color:var(--quiet);padding:0 0 4px}
th,td{padding:3px 10px;text-align:right;white-space:nowrap;vertical-align:baseline;border-bottom:1px solid var(--grid)}
th,td{max-width:96ch;overflow:hidden;text-overflow:ellipsis}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:500;color:var(--quiet);border-bottom-color:var(--line);vertical-align:bottom;position:relative}
tbody th{font-weight:600}
th.text,td.text{text-align:left}th.centre,td.centre{text-align:center}
td.wrap{white-space:normal;overflow-wrap:anywhere}
.title{display:inline-block;max-width:64ch;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom;font-weight:400}
.grid th,.grid td{padding:2px 7px}.grid td,.grid thead th+th{text-align:center}.grid .state{font-size:15px;line-height:1.2}
.symbols th,.symbols td{padding:3px 8px}.symbols th:first-child{padding-left:0}.symbols td:last-child{padding-right:0}.symbols .title{max-width:28ch}
.grid th:first-child{padding-left:0}.grid tbody th,.symbols tbody th,.data tbody th{text-align:left}
.wide{width:100%}
.data{font-size:12px;margin:6px 0}
.scroll{max-width:100%;overflow-x:auto;position:relative;background:linear-gradient(to right,var(--ground) 60%,transparent) 0 0/28px 100% local no-repeat,linear-gradient(to left,var(--ground) 60%,transparent) 100% 0/28px 100% local no-repeat,linear-gradient(to right,var(--hatch),transparent) 0 0/10px 100% scroll no-repeat,linear-gradient(to left,var(--hatch),transparent) 100% 0/10px 100% scroll no-repeat}
.zone{font:inherit;color:var(--accent);background:none;border:0;padding:0;cursor:pointer;text-decoration:underline;text-underline-offset:2px}
.multiples{list-style:none;margin:6px 0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:10px 14px;font-size:11px;color:var(--quiet)}
.multiples svg{display:block;width:100%;height:44px;border-top:1px solid var(--grid);border-bottom:1px solid var(--grid)}
.multiples .hair{stroke:var(--grid)}.multiples .line{fill:none;stroke-width:1.25;stroke-linecap:round}.multiples b{color:var(--text);font-weight:600}
.strategies{font-size:12px}.strategies th,.strategies td{padding:3px 6px}.strategies th:first-child{padding-left:0}
.strategies th:first-child{position:sticky;left:0;background:var(--ground);z-index:1}
.sort{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
.sort::after{content:"↕";margin-left:3px;font-size:10px;opacity:0}
.sort:hover::after,.sort:focus-visible::after,[aria-sort]>.sort::after{opacity:1}
[aria-sort=ascending]>.sort::after{content:"↑"}[aria-sort=descending]>.sort::after{content:"↓"}
[aria-sort]{color:var(--text)}
.tip[tabindex],.tip-next{text-decoration:underline dotted var(--hatch);text-underline-offset:3px}
.grid .tip,.tip .dash{text-decoration:none}
.tip-text{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.tip:hover>.tip-text,.tip:focus>.tip-text,.tip-next:hover+.tip-text,.tip-next:focus-visible+.tip-text{position:fixed;z-index:9;left:var(--tip-left,8px);right:var(--tip-right,auto);top:var(--tip-top,auto);bottom:var(--tip-bottom,8px);width:max-content;max-width:min(340px,calc(100vw - 16px));height:auto;clip-path:none;overflow:visible;padding:6px 9px;background:var(--text);color:var(--ground);font-size:12px;font-weight:400;line-height:1.4;text-align:left;white-space:normal;overflow-wrap:anywhere;letter-spacing:0;text-transform:none;pointer-events:none}
details{margin:6px 0}
summary{cursor:pointer;color:var(--quiet);width:max-content;max-width:100%}
summary:hover{color:var(--text)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.plot{position:relative;margin:0 0 4px;padding:0 52px 20px 0}
.plot .area{position:relative}
.plot svg{display:block;width:100%;height:100%;overflow:visible}
.plot svg.cut{overflow:hidden}
.plot .y,.plot .x,.plot .note,.plot .mark{position:absolute;font-size:11px;line-height:1;color:var(--quiet);white-space:nowrap}
.plot .y{left:calc(100% + 6px);transform:translateY(-50%)}
.plot .x{top:calc(100% + 6px);transform:translateX(-50%)}
.plot .note{transform:translateX(-50%);background:var(--ground);padding:1px 3px;top:2px;max-width:100%;overflow:hidden;text-overflow:ellipsis}
.plot .mark{transform:translate(-50%,-50%);font-size:10px}
.plot .mark.up{color:var(--up)}.plot .mark.down{color:var(--down)}
.plot .line{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke}
.quiet-line{stroke:var(--quiet)}.looks-0{stroke:var(--accent)}.looks-1{stroke:var(--warn)}.looks-2{stroke:var(--shade-1)}.twin-0{stroke:var(--text)}.twin-1{stroke:var(--quiet)}
.line.dots{stroke-width:3;stroke-linecap:round}.looks-0,.looks-1,.looks-2{stroke-width:1.2}.own{stroke:var(--accent)}.held{stroke:var(--quiet);stroke-dasharray:5 3}.line.in-sample{stroke:var(--quiet);stroke-width:1;opacity:.6}.fall{stroke:var(--down)}
.other-0{stroke:var(--up)}.other-1{stroke:var(--warn)}.other-2{stroke:var(--shade-1)}.key .line{fill:none;stroke-width:1.5}
.plot .hair{fill:none;stroke:var(--grid);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .rule{fill:none;stroke:var(--quiet);stroke-width:1;stroke-dasharray:4 3;vector-effect:non-scaling-stroke}
.plot .up-line{fill:none;stroke:var(--up);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .down-line{fill:none;stroke:var(--down);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .up-body{fill:none;stroke:var(--up)}.plot .down-body{fill:var(--ground);stroke:var(--down);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .volume{fill:none;stroke:var(--shade-2);opacity:.55}
.plot .under{fill:var(--down);opacity:.25}
.hatched{background:repeating-linear-gradient(135deg,var(--hatch) 0 1px,transparent 1px 6px);position:absolute;top:0;bottom:0;border-left:1px solid var(--hatch);border-right:1px solid var(--hatch)}
.live{position:absolute;inset:0 0 0 -18px;min-width:160px;display:none}
.live td{max-width:none;border:0}
.is-live>.live{display:block}.is-live>.area,.is-live>.x-axis{visibility:hidden}
.tools{position:absolute;top:2px;right:60px;z-index:4;display:none;gap:2px}.is-live>.tools{display:flex}.tools button{font:11px/1 inherit;font-family:inherit;min-width:24px;padding:3px 6px;color:var(--text);background:var(--raised);border:1px solid var(--line);cursor:pointer}.tools [aria-pressed=true]{border-color:var(--accent);color:var(--accent)}
.plot:fullscreen{background:var(--ground);height:100%!important;padding:8px}.plot:fullscreen>.live{inset:8px}
.legend{min-height:20px;font-size:12px;color:var(--quiet);display:flex;flex-wrap:wrap;gap:0 14px}
.legend b{font-weight:500;color:var(--text)}
.key{display:inline-block;width:12px;height:10px;margin-right:4px;vertical-align:-1px;position:relative}
.key .hatched{top:0;bottom:0;left:0;right:0}
.tabs{border:0;margin:10px 0 0;padding:0;min-width:0;position:relative}
.tabs>input{position:absolute;opacity:0;width:1px;height:1px}
.labels{display:flex;flex-wrap:wrap;gap:2px;margin-bottom:6px}
.labels>label{padding:2px 10px;border-bottom:2px solid transparent;color:var(--quiet);cursor:pointer}
.panel{display:none}
${TAB_RULES}
.gantt{display:grid;grid-template-columns:minmax(60px,max-content) minmax(0,1fr) max-content;gap:3px 10px;align-items:center;font-size:12px}
.gantt .name{overflow:hidden;text-overflow:ellipsis;max-width:22ch;white-space:nowrap}
.gantt .track{height:16px;position:relative}
.gantt svg{display:block;width:100%;height:100%;overflow:visible}
.gantt .took{text-align:right;color:var(--quiet);white-space:nowrap}
.gantt .axis{height:16px;position:relative;color:var(--quiet);font-size:11px;border-top:1px solid var(--line)}
.gantt .axis span{position:absolute;top:2px;transform:translateX(-50%);white-space:nowrap}
.gantt .axis span:first-child{transform:none}.gantt .axis span:last-child{transform:translateX(-100%)}
.bar-0,.bar-2,.bar-4{fill:var(--shade-1)}.bar-1,.bar-3,.bar-5{fill:var(--shade-2)}
.bar-custom{fill:var(--accent)}.bar-failed{fill:var(--down)}.bar-wait{fill:none;stroke:var(--hatch);stroke-width:1;vector-effect:non-scaling-stroke}
.bar-between{fill:none;stroke:var(--hatch);stroke-width:9;stroke-dasharray:1 3;vector-effect:non-scaling-stroke}
.bar-path{fill:var(--text)}
.dag{display:block;margin:2px 0 8px}.dag rect{fill:var(--raised);stroke:var(--line)}.dag text{font-size:11px;fill:var(--quiet)}.dag .name{font-size:12px;font-weight:600;fill:var(--text)}
.dag .edges{fill:none;stroke:var(--quiet)}.dag .success{fill:var(--up)}.dag .failed{fill:var(--down)}.dag .degraded{fill:var(--warn)}.dag .running{fill:var(--accent)}
.strip{font-size:15px;line-height:1.25;letter-spacing:1px}.strip th,.strip td{white-space:normal;text-align:left;padding:2px 0;border:0}.names{columns:16em;font-size:13px}.names span{white-space:nowrap}
.spark{width:96px;height:20px;vertical-align:-5px;overflow:visible}
.spark path{fill:none;stroke:var(--accent);stroke-width:1.25;stroke-linecap:round}
.spark .end{fill:var(--accent)}
:where(.task){color:inherit}.strip .task{padding:0;letter-spacing:inherit}
.task{font:inherit;background:none;border:0;padding:0 2px;cursor:pointer}
.task:hover{background:var(--raised)}
@keyframes fresh{from{background:var(--grid)}}
.fresh{animation:fresh 1.2s ease-out 1}
@media (prefers-reduced-motion:reduce){.fresh{animation:none}}
#drawer{position:fixed;top:0;right:0;bottom:0;width:min(560px,100vw);padding:12px 18px;background:var(--raised);border-left:1px solid var(--line);display:flex;flex-direction:column;z-index:5}
#drawer[hidden]{display:none}
#drawer .close{align-self:flex-end}
#drawer-content{overflow:auto;flex:1}
#drawer-content h2{margin-top:4px}
.log{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;list-style:none;margin:0;padding:0;overflow-wrap:anywhere}
.log .warn{color:var(--warn)}.log .error{color:var(--down)}
progress{width:12em;height:10px;accent-color:var(--accent);vertical-align:-1px}
.controls{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:8px 0 0}
.controls button,#drawer .close{font:inherit;color:var(--text);background:var(--raised);border:1px solid var(--line);padding:2px 10px;cursor:pointer}
.controls button:disabled{color:var(--quiet);background:none;border-style:dashed;cursor:not-allowed}
.controls input{font:inherit;width:11em;color:var(--text);background:var(--ground);border:1px solid var(--line)}.controls input[type=number]{width:5em}.controls input[type=checkbox]{width:auto}
.history td{padding:2px 4px;text-align:center}.history .bad{background:color-mix(in srgb,var(--down) 16%,transparent)}.history th:first-child{position:sticky;left:0;background:var(--ground);z-index:1}.history td a{text-decoration:none}.history th.run{font-weight:500;vertical-align:bottom}.history th.run a{display:block}
.heat td{padding:2px 8px}.heat td a{color:inherit;text-decoration:none}.heat .cell{display:block;margin:-2px -8px;padding:2px 8px}.heat td a:hover{text-decoration:underline}
.hatch{background-image:repeating-linear-gradient(135deg,color-mix(in srgb,var(--hatch) 55%,transparent) 0 1px,transparent 1px 6px)}.plateau{outline:2px solid var(--text);outline-offset:-2px}
footer{margin-top:36px;padding-top:8px;border-top:1px solid var(--line);font-size:12px;color:var(--quiet)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 16px;margin:0}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:900px){
body{padding:12px 14px 24px}
.columns,.halves{display:block}
.links{margin-left:0}
.plot .minor,.symbols .title{display:none}
.title{max-width:42vw}
th,td{padding:3px 6px}
}
@media (max-width:600px){.history .week{display:none}.gantt .name{max-width:14ch}.gantt .axis span:not(:first-child):not(:last-child){display:none}}
@media print{
:root{${LIGHT};--ground:#fff;--raised:#fff;--text:#000;--quiet:#333;--accent:#000}
body{padding:0;max-width:none;font-size:11px}
.is-live>.live,.site,.links,.zone,.controls,#drawer,#connection,.labels,.tools,.legend .hint{display:none}.is-live>.area,.is-live>.x-axis{visibility:visible}
.scroll{overflow:visible;background:none}table{font-size:10px}th,td{padding:2px 5px}
.strategies{font-size:9px}
a{text-decoration:none}.sort::after{content:""}
h2,h3,.plot,tr{break-inside:avoid}h2,h3{break-after:avoid}
details:not([open]){display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
