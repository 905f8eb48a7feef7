// Shows the view that the address names: #/files, #/treemap/src, #/file/src/main.c …
const views = [
  ['', 'Overview', overviewView], ['treemap', 'Treemap', treemapView], ['graph', 'Dependencies', graphView],
  ['files', 'Files', filesView, data.totals.files], ['functions', 'Functions', functionsView, data.totals.functions],
  ['findings', 'Findings', findingsView, data.totals.findings], ['duplicates', 'Duplicates', duplicatesView, data.totals.duplicates],
  ['markers', 'TODOs', markersView, data.totals.markers], ['about', 'About', aboutView],
];
let relayout = [];
/** Registers what must be drawn again when the window or the theme changes; called once at once. */
function onLayout(redraw) { relayout.push(redraw); }

function show(isFirst) {
  const [, name = '', ...rest] = location.hash.split('/');
  let path;
  try {
    path = rest.map(decodeURIComponent).join('/');
  } catch {
    path = rest.join('/'); // typed by hand, with a stray percent sign
  }
  const entry = views.find((view) => view[0] === name);
  relayout = [];
  const main = document.getElementById('content');
  main.replaceChildren(name === 'file' ? fileView(path) : (entry ?? views[0])[2](path));
  relayout.forEach((redraw) => redraw());
  document.querySelectorAll('#nav a').forEach((item) =>
    item.dataset.view === (entry ? name : name === 'file' ? 'files' : '') ? item.setAttribute('aria-current', 'page') : item.removeAttribute('aria-current'));
  const title = name === 'file' ? path : (entry ?? views[0])[1];
  document.title = `${visible(title)} · ${visible(data.project)} · code report`;
  if (!isFirst) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
    announce(title);
  }
}

function chooseTheme(name) {
  document.documentElement.dataset.theme = name;
  relayout.forEach((redraw) => redraw());
}
const dark = matchMedia('(prefers-color-scheme: dark)');
// Storage may be refused for files; the choice then lasts as long as the page.
let chosen = null;
try { chosen = localStorage.getItem('memfun-theme'); } catch { chosen = null; }
chooseTheme(chosen ?? (dark.matches ? 'dark' : 'light'));
dark.addEventListener('change', () => { if (!chosen) { chooseTheme(dark.matches ? 'dark' : 'light'); show(true); } });
document.getElementById('theme').addEventListener('click', () => {
  chosen = theme() === 'dark' ? 'light' : 'dark';
  try { localStorage.setItem('memfun-theme', chosen); } catch { /* see above */ }
  chooseTheme(chosen);
  show(true);
});

document.getElementById('nav').append(...views.filter((view) => view[3] !== 0).map(([name, title, , count]) =>
  h('a', { href: '#/' + name, 'data-view': name }, title, count ? h('span', { class: 'count' }, number(count)) : null)));
document.getElementById('footer').append(h('p', null, sentence(data.method[0]), ' ', h('a', { href: '#/about' }, 'How it was computed')));
addEventListener('hashchange', () => show(false));
addEventListener('resize', () => relayout.forEach((redraw) => redraw()));
show(true);
