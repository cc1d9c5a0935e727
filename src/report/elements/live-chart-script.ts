/**
 * Page script: replaces each still picture with an interactive chart of the page's JSON data. Empty buckets stay empty, gaps are hatched;
 * price, volume and return share a crosshair. The wheel zooms once the chart was pressed, is in full screen, or Ctrl is held. The address
 * keeps the range.
 */
export const LIVE_CHART_SCRIPT = `(()=>{
const L=window.LightweightCharts;
if(!L)return;
const dark=matchMedia('(prefers-color-scheme: dark)');
const colour=(name)=>getComputedStyle(document.documentElement).getPropertyValue('--'+name).trim();
let local=false;
const two=(n)=>String(n).padStart(2,'0');
const stamp=(seconds)=>{const at=new Date(seconds*1000);
  return local?at.getFullYear()+'-'+two(at.getMonth()+1)+'-'+two(at.getDate())+' '+two(at.getHours())+':'+two(at.getMinutes()):at.toISOString().replace('T',' ').slice(0,16)+'Z'};
const tick=(seconds,type)=>{const text=stamp(seconds);return type===0?text.slice(0,4):type<3?text.slice(5,10):text.slice(11,16)};
const RETURNS_PX=96,LEFT_PX=18,SCALE_PX=52,RIGHT_BARS=3,charts=[],LINES={own:'accent',held:'quiet','looks-0':'accent','looks-1':'warn','looks-2':'shade-1','twin-0':'text','twin-1':'quiet'};
const options=(d)=>({
  autoSize:true,
  layout:{background:{color:'transparent'},textColor:colour('quiet'),fontSize:11,fontFamily:getComputedStyle(document.body).fontFamily,attributionLogo:false},
  grid:{vertLines:{visible:false},horzLines:{color:colour('grid')}},
  rightPriceScale:{borderVisible:false,minimumWidth:SCALE_PX,scaleMargins:{top:.06,bottom:d.v?.24:.06}},
  timeScale:{borderColor:colour('line'),timeVisible:d.step<86400000,secondsVisible:false,tickMarkFormatter:tick,rightOffset:RIGHT_BARS,minBarSpacing:.03,maxBarSpacing:18,lockVisibleTimeRangeOnResize:true},
  crosshair:{mode:0,vertLine:{color:colour('quiet'),labelBackgroundColor:colour('quiet')},horzLine:{color:colour('quiet'),labelBackgroundColor:colour('quiet')}},
  localization:{locale:'en-GB',timeFormatter:stamp},
  handleScroll:{vertTouchDrag:false},
});
const candleColours=()=>({upColor:colour('up'),borderUpColor:colour('up'),wickUpColor:colour('up'),downColor:colour('ground'),borderDownColor:colour('down'),wickDownColor:colour('down')});
const bands=(d)=>{
  let chart;
  const draw=(target)=>target.useBitmapCoordinateSpace(({context:c,bitmapSize:b,horizontalPixelRatio:r})=>{
    const scale=chart.timeScale(),zero=scale.logicalToCoordinate(0),one=scale.logicalToCoordinate(1);
    if(zero===null||one===null)return;
    const x=(time)=>(zero+(one-zero)*((time-d.from)/d.step-.5))*r;
    c.save();c.strokeStyle=colour('hatch');c.fillStyle=colour('quiet');c.lineWidth=r;c.font=11*r+'px '+getComputedStyle(document.body).fontFamily;c.textAlign='center';c.textBaseline='top';
    for(const g of d.gaps){
      const a=x(g[0]),z=x(g[1]);
      c.save();c.beginPath();c.rect(a,0,Math.max(r,z-a),b.height);c.clip();c.beginPath();
      for(let o=a-b.height;o<z;o+=6*r){c.moveTo(o,b.height);c.lineTo(o+b.height,0)}
      c.stroke();
      const words=[g[2],'not collected'].find((text)=>c.measureText(text).width+6*r<z-a);
      if(words){const width=c.measureText(words).width+6*r;c.fillStyle=colour('ground');c.fillRect((a+z-width)/2,2*r,width,15*r);c.fillStyle=colour('quiet');c.fillText(words,(a+z)/2,4*r)}
      c.restore();
    }
    c.strokeStyle=colour('down');
    for(const q of d.quarantine){c.beginPath();c.moveTo(x(q),b.height);c.lineTo(x(q),b.height-7*r);c.stroke()}
    for(const [time,text] of d.marks){
      const at=x(time);c.strokeStyle=colour('quiet');c.setLineDash([4*r,3*r]);c.beginPath();c.moveTo(at,0);c.lineTo(at,b.height);c.stroke();
      c.textAlign=at>b.width/2?'right':'left';c.textBaseline='bottom';c.fillText(text,at+(at>b.width/2?-4:4)*r,b.height-4*r);
    }
    c.restore();
  });
  return{attached:(p)=>{chart=p.chart},paneViews:()=>[{zOrder:()=>'bottom',renderer:()=>({draw:()=>{},drawBackground:draw})}]};
};
const zoom=(scale,factor)=>{const r=scale.getVisibleLogicalRange();if(!r)return;const half=(r.to-r.from)/2*factor,middle=(r.from+r.to)/2;scale.setVisibleLogicalRange({from:middle-half,to:middle+half})};
const tools=(box,all)=>{
  const bar=document.createElement('span');bar.className='tools';
  for(const [name,[text,act]] of Object.entries(all)){
    const button=document.createElement('button');
    button.type='button';button.textContent=text;button.title=name;button.setAttribute('aria-label',name);button.addEventListener('click',()=>act(button));
    bar.append(button);
  }
  box.parentElement.append(bar);
  let isActive=false;
  document.addEventListener('pointerdown',({target})=>{isActive=box.contains(target)});
  box.addEventListener('wheel',(event)=>{if(!isActive&&!event.ctrlKey&&!document.fullscreenElement)event.stopPropagation()},{capture:true,passive:true});
};
const link=/^#([\\w-]+)@([^.]+)\\.\\.([^.]+)$/.exec(decodeURIComponent(location.hash)),linked=link&&{id:link[1],from:Date.parse(link[2]),to:Date.parse(link[3])};
const make=(box)=>{
  if(box.dataset.made)return;
  box.dataset.made='1';
  const d=JSON.parse(document.getElementById(box.dataset.chart).textContent);
  // makes the box visible before the chart is made: a chart without size cannot fit its content
  box.parentElement.classList.add('is-live');
  const chart=L.createChart(box,{...options(d),width:box.clientWidth,height:box.clientHeight});
  const candles=chart.addSeries(L.CandlestickSeries,{...candleColours(),priceLineVisible:false,priceFormat:{type:'custom',minMove:10**-d.digits,formatter:(p)=>d.probability&&(p<-1e-9||p>1+1e-9)?'':p.toFixed(d.digits)}});
  const points=[],volumes=[];let j=0;
  for(let i=0;d.from+i*d.step<d.to;i++){
    const time=(d.from+i*d.step)/1000;
    if(d.i[j]===i){points.push({time,open:d.o[j],high:d.h[j],low:d.l[j],close:d.c[j]});if(d.v&&d.v[j]!==null)volumes.push({time,value:d.v[j]});j++}
    else points.push({time});
  }
  candles.setData(points);
  let histogram=null;
  if(d.v){
    histogram=chart.addSeries(L.HistogramSeries,{priceScaleId:'',color:colour('shade-2'),priceLineVisible:false,lastValueVisible:false});
    histogram.priceScale().applyOptions({scaleMargins:{top:.82,bottom:0}});
    histogram.setData(volumes);
  }
  const lines=d.lines.map((l)=>{
    const line=chart.addSeries(L.LineSeries,{color:colour(LINES[l.tone]),lineWidth:1,lineType:1,lineVisible:l.kind==='steps',pointMarkersVisible:l.kind==='dots',pointMarkersRadius:1.5,priceLineVisible:false,lastValueVisible:false,crosshairMarkerVisible:false});
    line.setData(l.i.map((i,n)=>({time:(d.from+i*d.step)/1000,value:l.p[n]})));
    return()=>line.applyOptions({color:colour(LINES[l.tone])});
  });
  const returns=d.returns.map((r)=>{
    const line=chart.addSeries(L.LineSeries,{color:colour(LINES[r.tone]),lineWidth:r.tone==='own'?2:1,lineStyle:r.tone==='own'?0:2,lineType:1,priceLineVisible:false,crosshairMarkerVisible:false,priceFormat:{type:'custom',minMove:.001,formatter:(p)=>p.toFixed(2)+' %'}},1);
    line.setData(r.i.map((i,n)=>({time:(d.from+i*d.step)/1000,value:r.p[n]})));
    return{line,name:r.name,paint:()=>line.applyOptions({color:colour(LINES[r.tone])})};
  });
  if(returns.length>0)chart.panes()[1].setHeight(RETURNS_PX);
  candles.attachPrimitive(bands(d));
  const marks=()=>d.trades.map((t)=>({time:t[0],position:t[1]?'belowBar':'aboveBar',shape:t[1]?'arrowUp':'arrowDown',color:colour(t[1]?'up':'down'),size:t[2]}));
  const markers=L.createSeriesMarkers(candles,marks());
  // shows all bars, with room on the left for the first label of the time axis
  const to=points.length-1+RIGHT_BARS;
  const scale=chart.timeScale(),fit=()=>scale.setVisibleLogicalRange({from:-(to+1)*LEFT_PX/Math.max(1,box.clientWidth-SCALE_PX-LEFT_PX),to});
  fit();
  if(linked&&linked.id===box.dataset.chart)scale.setVisibleLogicalRange({from:(linked.from-d.from)/d.step-.5,to:(linked.to-d.from)/d.step-.5});
  tools(box,{
    'zoom out':['−',()=>zoom(scale,1.6)],'zoom in':['+',()=>zoom(scale,1/1.6)],'fit all':['fit',fit],
    'log scale':['log',(button)=>{const on=button.getAttribute('aria-pressed')!=='true';button.setAttribute('aria-pressed',on);candles.priceScale().applyOptions({mode:on?1:0})}],
    ...(document.fullscreenEnabled&&{'full screen':['full',()=>document.fullscreenElement?document.exitFullscreen():box.parentElement.requestFullscreen()]}),
  });
  let due=0,isUsed=false;
  for(const what of ['pointerdown','wheel'])box.parentElement.addEventListener(what,()=>{isUsed=true},{passive:true});
  scale.subscribeVisibleLogicalRangeChange((range)=>{
    clearTimeout(due);
    if(range&&isUsed)due=setTimeout(()=>{const at=(i)=>new Date(Math.round((d.from+(i+.5)*d.step)/60000)*60000).toISOString().slice(0,16)+'Z';
      history.replaceState(history.state,'','#'+box.dataset.chart+'@'+at(range.from)+'..'+at(range.to))},300);
  });
  const legend=box.closest('.panel').querySelector('.legend .values'),still=legend.textContent;
  chart.subscribeCrosshairMove((e)=>{
    const bar=e.time===undefined?undefined:e.seriesData.get(candles);
    if(e.time===undefined){legend.textContent=still;return}
    const f=(p)=>p.toFixed(d.digits),v=histogram&&e.seriesData.get(histogram);
    legend.textContent=stamp(e.time)+'  '+(bar&&bar.open!==undefined?'open '+f(bar.open)+'  high '+f(bar.high)+'  low '+f(bar.low)+'  close '+f(bar.close)+(v?'  volume '+Math.round(v.value*100)/100:''):'no trades')+returns.map((r)=>{const at=e.seriesData.get(r.line);return at?'  '+r.name+' '+at.value.toFixed(2)+' %':''}).join('')+d.trades.filter((t)=>t[0]===e.time).map((t)=>'  '+t[3]).join('');
  });
  charts.push(()=>{chart.applyOptions(options(d));candles.applyOptions(candleColours());if(histogram)histogram.applyOptions({color:colour('shade-2')});markers.setMarkers(marks());for(const paint of lines)paint();for(const r of returns)r.paint()});
};
// a chart is made when it comes near the window: a page has dozens, most of them in closed tabs
const near=new IntersectionObserver((entries)=>{for(const {isIntersecting,target} of entries)if(isIntersecting){near.unobserve(target);make(target.querySelector('.live'))}},{rootMargin:'200px'});
for(const box of document.querySelectorAll('.live')){
  near.observe(box.parentElement);
  if(!linked||linked.id!==box.dataset.chart)continue;
  const panel=box.closest('.panel'),tab=box.closest('.tabs').querySelectorAll('input')[[...panel.parentElement.children].indexOf(panel)];
  tab.checked=true;panel.scrollIntoView({block:'center'});
}
document.addEventListener('zone',(event)=>{local=event.detail;for(const paint of charts)paint()});
dark.addEventListener('change',()=>{for(const paint of charts)paint()});
})();`;
