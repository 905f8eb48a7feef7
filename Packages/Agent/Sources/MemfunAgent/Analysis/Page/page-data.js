// The facts of the report, as columns: one array a property, one element a file or function.
const data = JSON.parse(document.getElementById('data').textContent);
const files = data.files;
const fileCount = files.path.length;
const hasHistory = data.history;
const fileIndex = new Map(files.path.map((path, index) => [path, index]));
const isOwn = files.own;

const maxComplexity = Math.max(1, ...chunkedMax(files.complexity));
function chunkedMax(values) {
  // Math.max(...values) would overflow the stack with very many files.
  let best = 0;
  for (const value of values) if (value > best) best = value;
  return [best];
}

/** 0–1: how hot a file is; without history, how complex it is compared with the most complex file. */
function heat(file) {
  return hasHistory ? files.hot[file] / 1000 : (isOwn[file] ? files.complexity[file] / maxComplexity : 0);
}

const grouped = new Intl.NumberFormat('en-US');
const number = (value) => grouped.format(value);
const counted = (count, noun, plural = noun + 's') => `${number(count)} ${count === 1 ? noun : plural}`;
const score = (value) => value.toFixed(2);
const percent = (share) => `${share >= 0.1 || share === 0 ? Math.round(share * 100) : (share * 100).toFixed(1)} %`;

/** Text that a code base brought along must not reorder or hide the text around it. */
const visible = (text) => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
  (sign) => sign < ' ' ? String.fromCharCode(0x2400 + sign.charCodeAt(0)) : '\ufffd');

/** An element with attributes and children. Strings become text, never markup. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  set(element, attributes, children);
  return element;
}

/** The same in SVG's namespace. */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(element, attributes, children);
  return element;
}

function set(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

const link = (path) => '#/file/' + encodeURIComponent(path).replaceAll('%2F', '/');
function place(path, line, end) {
  const label = line ? `${path}:${line}${end && end !== line ? '-' + end : ''}` : path;
  return fileIndex.has(path)
    ? h('a', { class: 'path', href: link(path) }, label) : h('span', { class: 'path' }, label);
}
const filePlace = (file, line, end) => place(files.path[file], line, end);

/** A sentence arrives as words, ["n", name] and ["p", path, line, end]. */
function sentence(parts) {
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    return part[0] === 'n' ? h('code', null, part[1]) : place(part[1], part[2], part[3]);
  });
}

function announce(text) { document.getElementById('announce').textContent = visible(text); }

// A scale of one direction of lightness, so that it reads without telling hues apart: pale sand to
// dark brown on light paper, dark slate to pale gold on dark.
const scales = {
  light: [[238, 240, 236], [247, 221, 160], [236, 168, 74], [196, 98, 22], [118, 44, 6]],
  dark: [[42, 50, 56], [84, 66, 40], [146, 98, 36], [212, 152, 56], [255, 222, 150]],
};
function heatColour(value) {
  const scale = scales[theme()];
  const at = Math.min(1, Math.sqrt(Math.max(0, value))) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(at));
  const mix = scale[low].map((part, i) => Math.round(part + (scale[low + 1][i] - part) * (at - low)));
  return mix;
}
const css = (rgb) => `rgb(${rgb.join(',')})`;
/** Black or white, whichever reads better on the colour (relative luminance, WCAG 2). */
function inkOn(rgb) {
  const [r, g, b] = rgb.map((part) => ((part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.36 ? '#15191c' : '#ffffff';
}
function theme() { return document.documentElement.dataset.theme; }
const heatName = hasHistory ? 'hot-spot score' : 'complexity';
function heatLegend() {
  const stops = [0, 0.25, 0.5, 0.75, 1].map((step) => css(heatColour(step * step))).join(',');
  return h('span', { class: 'scale' }, hasHistory ? 'cold' : 'simple',
    h('i', { role: 'img', 'aria-label': `colour scale of the ${heatName}, from low to high`, style: { background: `linear-gradient(90deg,${stops})` } }),
    hasHistory ? 'hot (complexity × commits)' : 'complex');
}
const heatDot = (file) => h('span', { class: 'heat', style: { background: css(heatColour(heat(file))) } });
