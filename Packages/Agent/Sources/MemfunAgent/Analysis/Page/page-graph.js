// Who needs whom: folders first, opened on demand. The layout is layered (after Sugiyama, Tagawa and
// Toda 1981): needs point down, the few that lead back close cycles. Nothing in it is random.
const graphTarget = 22;
const childLimit = 48;
const rowHeight = 92;

const outgoing = Array.from({ length: fileCount }, () => []);
const incoming = Array.from({ length: fileCount }, () => []);
for (let i = 0; i < data.deps.length; i += 2) {
  outgoing[data.deps[i]].push(data.deps[i + 1]);
  incoming[data.deps[i + 1]].push(data.deps[i]);
}
const connected = (file) => outgoing[file].length > 0 || incoming[file].length > 0;

/** The folders that are open at first: the largest ones, until about graphTarget nodes are shown. */
function openAtFirst(root) {
  const open = new Set([root]);
  let shown = [...root.folders.values()];
  let count = shown.length + Math.min(childLimit, root.files.length);
  for (;;) {
    const next = shown.filter((folder) => folder.folders.size + folder.files.length > 0)
      .map((folder) => [folder, folder.folders.size + Math.min(childLimit, folder.files.length)])
      .filter(([, children]) => count - 1 + children <= graphTarget)
      .sort((a, b) => b[0].count - a[0].count || (a[0].path < b[0].path ? -1 : 1))[0];
    if (!next) return open;
    open.add(next[0]);
    shown = shown.filter((folder) => folder !== next[0]).concat([...next[0].folders.values()]);
    count += next[1] - 1;
  }
}

/** The nodes that are visible, and which node each file belongs to. */
function graphNodes(root, open) {
  const nodes = [];
  const owner = new Map();
  function claim(folder, node) {
    for (const file of folder.files) owner.set(file, node);
    for (const child of folder.folders.values()) claim(child, node);
  }
  function walk(folder) {
    for (const child of [...folder.folders.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (open.has(child)) { walk(child); continue; }
      const node = { folder: child, label: child.path + '/', sub: counted(child.count, 'file') };
      nodes.push(node);
      claim(child, node);
    }
    const ranked = [...folder.files].sort((a, b) =>
      outgoing[b].length + incoming[b].length - outgoing[a].length - incoming[a].length || a - b);
    for (const file of ranked.slice(0, childLimit)) {
      const node = { file, label: files.path[file].slice(files.path[file].lastIndexOf('/') + 1), sub: folder.path || '.' };
      nodes.push(node);
      owner.set(file, node);
    }
    const rest = ranked.slice(childLimit);
    if (rest.length) {
      const node = { label: `${rest.length} more`, sub: folder.path || '.' };
      nodes.push(node);
      rest.forEach((file) => owner.set(file, node));
    }
  }
  walk(root);
  nodes.forEach((node, id) => Object.assign(node, { id, needs: new Map(), neededBy: new Map() }));
  for (let i = 0; i < data.deps.length; i += 2) {
    const [from, to] = [owner.get(data.deps[i]), owner.get(data.deps[i + 1])];
    if (!from || !to || from === to) continue;
    from.needs.set(to, (from.needs.get(to) ?? 0) + 1);
    to.neededBy.set(from, (to.neededBy.get(from) ?? 0) + 1);
  }
  return nodes.filter((node) => node.needs.size || node.neededBy.size);
}

/** Groups of nodes that reach each other (Tarjan 1972), by an explicit stack. */
function components(nodes) {
  const state = new Map();
  const stack = [];
  const groups = [];
  let counter = 0;
  for (const start of nodes) {
    if (state.has(start)) continue;
    const work = [[start, [...start.needs.keys()], 0]];
    state.set(start, { index: counter, low: counter++, onStack: true });
    stack.push(start);
    while (work.length) {
      const frame = work[work.length - 1];
      const [node, targets] = frame;
      const mine = state.get(node);
      if (frame[2] < targets.length) {
        const target = targets[frame[2]++];
        const theirs = state.get(target);
        if (!theirs) {
          state.set(target, { index: counter, low: counter++, onStack: true });
          stack.push(target);
          work.push([target, [...target.needs.keys()], 0]);
        } else if (theirs.onStack) mine.low = Math.min(mine.low, theirs.index);
        continue;
      }
      work.pop();
      if (work.length) {
        const above = state.get(work[work.length - 1][0]);
        above.low = Math.min(above.low, mine.low);
      }
      if (mine.low !== mine.index) continue;
      const group = [];
      let member;
      do {
        member = stack.pop();
        state.get(member).onStack = false;
        group.push(member);
      } while (member !== node);
      groups.push(group);
    }
  }
  return groups; // in reverse topological order: what is needed comes first
}

/**
 * A line-up of nodes in which few needs lead back: whoever is needed by nobody left comes first, whoever
 * needs nobody left comes last, otherwise the one with most surplus (Eades, Lin, Smyth 1993).
 */
function lineUp(nodes) {
  const left = new Set(nodes);
  const weight = (map) => { let sum = 0; for (const [other, count] of map) if (left.has(other)) sum += count; return sum; };
  const [front, back] = [[], []];
  while (left.size) {
    let pick = null;
    let best = -Infinity;
    let last = false;
    for (const node of left) {
      const [out, into] = [weight(node.needs), weight(node.neededBy)];
      const surplus = into === 0 ? Infinity : out === 0 ? Number.MAX_VALUE : out - into;
      if (surplus > best) { pick = node; best = surplus; last = out === 0 && into > 0; }
    }
    left.delete(pick);
    if (last) back.unshift(pick); else front.push(pick);
  }
  return [...front, ...back];
}

/** Gives each node x, y, width and height; returns the size of the drawing. */
function layoutGraph(nodes) {
  for (const members of components(nodes)) for (const node of members) {
    node.group = members;
    node.inCycle = members.length > 1;
  }
  const position = new Map(lineUp(nodes).map((node, index) => [node, index]));
  const level = new Map();
  for (const node of [...position.keys()].reverse()) {
    let depth = 0;
    for (const target of node.needs.keys()) {
      if (position.get(target) > position.get(node)) depth = Math.max(depth, level.get(target) + 1);
    }
    level.set(node, depth);
  }
  for (const node of nodes) node.leadsBack = (target) => position.get(target) < position.get(node);
  const height = Math.max(0, ...nodes.map((node) => level.get(node)));
  let layers = Array.from({ length: height + 1 }, () => []);
  for (const node of nodes) layers[height - level.get(node)].push(node);
  for (const node of nodes) {
    node.short = node.label.length > 30 ? '…' + node.label.slice(-29) : node.label;
    node.shortSub = node.sub.length > 32 ? '…' + node.sub.slice(-31) : node.sub;
    node.width = Math.max(84, Math.max(node.short.length * 7.4, node.shortSub.length * 6.5) + 22);
    node.height = 40;
  }
  const order = new Map();
  const number = () => layers.forEach((layer) => layer.forEach((node, index) => order.set(node, (index + 0.5) / layer.length)));
  number();
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      const weight = (node) => {
        const around = [...(sweep % 2 ? node.needs : node.neededBy).keys()];
        return around.length ? around.reduce((sum, other) => sum + order.get(other), 0) / around.length : order.get(node);
      };
      const keyed = layer.map((node) => [weight(node), node]);
      keyed.sort((a, b) => a[0] - b[0] || a[1].id - b[1].id);
      layer.splice(0, layer.length, ...keyed.map((entry) => entry[1]));
      number();
    }
  }
  // A layer that is too wide goes on in the next line.
  const lineWidth = 1080;
  layers = layers.flatMap((layer) => {
    const lines = [[]];
    let width = 0;
    for (const node of layer) {
      if (width + node.width > lineWidth && lines[lines.length - 1].length) { lines.push([]); width = 0; }
      lines[lines.length - 1].push(node);
      width += node.width + 26;
    }
    return lines;
  });
  let total = 0;
  for (const layer of layers) total = Math.max(total, layer.reduce((sum, node) => sum + node.width + 26, -26));
  layers.forEach((layer, row) => {
    let x = (total - layer.reduce((sum, node) => sum + node.width + 26, -26)) / 2;
    for (const node of layer) {
      node.x = x;
      node.y = row * rowHeight;
      node.row = row;
      x += node.width + 26;
    }
  });
  return { width: total, height: (layers.length - 1) * rowHeight + 40 };
}

function graphView() {
  const root = folderTree(connected);
  if (!data.deps.length) {
    return h('section', null, h('h1', null, 'Dependencies'), h('p', { class: 'soft' }, 'No import of one file by another was found.'));
  }
  const open = openAtFirst(root);
  const picture = svg('svg', { role: 'group', tabindex: 0, 'aria-label': 'Dependency graph. Tab moves through the nodes, Enter opens one, plus and minus zoom, 0 fits.' });
  const stage = h('div', { class: 'stage' }, picture);
  const crumbs = h('div', { class: 'crumbs' });
  const openTitle = h('summary');
  const openFolders = h('details', null, openTitle, crumbs);
  const listing = h('div');
  let view = { x: 0, y: 0, width: 100, height: 100 };
  let whole = view;

  function draw(focusOn) {
    const nodes = graphNodes(root, open);
    const size = layoutGraph(nodes);
    const shapes = new Map();
    const links = [];
    const edges = svg('g');
    for (const node of nodes) for (const [target, count] of node.needs) {
      const bad = node.leadsBack(target);
      const line = svg('path', { class: bad ? 'link incycle' : 'link', d: curve(node, target), 'stroke-width': 1 + Math.min(2, Math.log2(count) * 0.25), 'marker-end': bad ? 'url(#tip-cycle)' : 'url(#tip)' },
        svg('title', null, `${node.label} → ${target.label}: ${counted(count, 'dependency', 'dependencies')}${bad ? ', leads back: part of a cycle' : ''}`));
      links.push({ node, target, line });
      edges.append(line);
    }
    const boxes = nodes.map((node) => {
      const words = `${node.label}, ${node.sub}: needs ${node.needs.size}, needed by ${node.neededBy.size}${node.inCycle ? ', part of a cycle' : ''}`;
      const shape = svg('g', {
        class: `node${node.folder ? ' folder' : ''}${node.inCycle ? ' incycle' : ''}`, tabindex: 0, role: 'button', 'aria-label': words,
        transform: `translate(${node.x},${node.y})`, onclick: () => activate(node), onfocus: () => light(node), onblur: () => light(null),
        onpointerenter: () => light(node), onpointerleave: () => light(null),
        onkeydown: (event) => {
          if (event.key === 'Enter' || event.key === ' ') { activate(node); event.preventDefault(); }
          const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
          if (directions[event.key]) { shapes.get(near(nodes, node, directions[event.key])).focus(); event.preventDefault(); }
        },
      },
      svg('rect', { width: node.width, height: node.height, rx: 8 }),
      svg('text', { x: 11, y: 17 }, node.short), svg('text', { x: 11, y: 32, class: 'sub' }, node.shortSub), svg('title', null, words));
      shapes.set(node, shape);
      return shape;
    });
    picture.replaceChildren(svg('defs', null, arrow('tip', 'arrow'), arrow('tip-cycle', 'arrow incycle')), edges, svg('g', null, boxes));
    const bulge = 40 + Math.max(0, ...links.map(({ node, target }) => Math.abs(node.row - target.row))) * 15;
    whole = { x: -bulge, y: -24, width: size.width + 2 * bulge, height: size.height + 60 };
    picture.style.height = Math.max(300, Math.min(860, Math.round(whole.height * Math.min(1.15, (stage.clientWidth || 1100) / whole.width)))) + 'px';
    show(whole);
    function light(node) {
      for (const [other, shape] of shapes) shape.classList.toggle('dim', node !== null && other !== node && !node.needs.has(other) && !node.neededBy.has(other));
      for (const entry of links) entry.line.classList.toggle('dim', node !== null && entry.node !== node && entry.target !== node);
    }
    crumbs.replaceChildren(...[...open].filter((folder) => folder !== root).sort((a, b) => (a.path < b.path ? -1 : 1)).map((folder) =>
      h('button', { type: 'button', 'aria-label': `Close ${folder.path}`, onclick: () => close(folder) }, `${folder.path}/ ×`)));
    openTitle.textContent = `${counted(open.size - 1, 'open folder')}`;
    openFolders.hidden = open.size === 1;
    drawList(nodes);
    if (focusOn) [...shapes].find(([node]) => node.folder === focusOn)?.[1].focus();
  }
  function close(folder) {
    for (const other of [...open]) if (other === folder || other.path.startsWith(folder.path + '/')) open.delete(other);
    announce(`Closed ${folder.path}`);
    draw(folder);
  }
  function activate(node) {
    if (node.folder) { open.add(node.folder); announce(`Opened ${node.folder.path}`); draw(); picture.focus(); }
    else if (node.file !== undefined) location.hash = link(files.path[node.file]);
  }
  const arrow = (id, name) => svg('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto', markerUnits: 'userSpaceOnUse' }, svg('path', { class: name, d: 'M0 0.8 L8 4 L0 7.2z' }));
  function curve(from, to) {
    const [ax, bx] = [from.x + from.width / 2, to.x + to.width / 2];
    if (from.row === to.row) {
      const lift = 26 + Math.min(34, Math.abs(ax - bx) / 12);
      return `M${ax} ${from.y + 40} C${ax} ${from.y + 40 + lift} ${bx} ${to.y + 40 + lift} ${bx} ${to.y + 41}`;
    }
    const down = from.row < to.row;
    const span = Math.abs(from.row - to.row);
    if (span > 1 && Math.abs(ax - bx) < 260) {
      // Past the rows between: out to one side and in again, needs to the right and returns to the left.
      const side = down ? 1 : -1;
      const [sx, tx] = side > 0 ? [from.x + from.width, to.x + to.width + 1] : [from.x, to.x - 1];
      const out = (side > 0 ? Math.max(sx, tx) : Math.min(sx, tx)) + side * (18 + span * 20);
      return `M${sx} ${from.y + 20} C${out} ${from.y + 20} ${out} ${to.y + 20} ${tx} ${to.y + 20}`;
    }
    const shift = down ? 0 : 16; // a return next to its need stays apart from it
    const [ay, by] = [from.y + (down ? 40 : 0), to.y + (down ? -1 : 41)];
    const bend = (by - ay) * 0.45;
    return `M${ax + shift} ${ay} C${ax + shift} ${ay + bend} ${bx + shift} ${by - bend} ${bx + shift} ${by}`;
  }
  function near(nodes, from, [dx, dy]) {
    let best = from;
    let distance = Infinity;
    for (const node of nodes) {
      const [x, y] = [node.x + node.width / 2 - from.x - from.width / 2, node.y - from.y];
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy) + Math.abs(y * dx);
      if (node !== from && along > 1 && along + across < distance) { best = node; distance = along + across; }
    }
    return best;
  }
  function show(next) {
    view = next;
    picture.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`);
  }
  function zoom(factor, cx = view.x + view.width / 2, cy = view.y + view.height / 2) {
    const limited = Math.max(whole.width / 12, Math.min(whole.width * 1.6, view.width * factor)) / view.width;
    show({ x: cx - (cx - view.x) * limited, y: cy - (cy - view.y) * limited, width: view.width * limited, height: view.height * limited });
  }
  picture.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // plain wheels scroll the page
    event.preventDefault();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    zoom(event.deltaY > 0 ? 1.12 : 0.89, point.x, point.y);
  }, { passive: false });
  picture.addEventListener('keydown', (event) => {
    const steps = { '+': () => zoom(0.8), '=': () => zoom(0.8), '-': () => zoom(1.25), 0: () => show(whole) };
    if (steps[event.key]) { steps[event.key](); event.preventDefault(); return; }
    const pan = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (pan && event.target === picture) {
      show({ ...view, x: view.x + pan[0] * view.width / 10, y: view.y + pan[1] * view.height / 10 });
      event.preventDefault();
    }
  });
  let drag = null;
  picture.addEventListener('pointerdown', (event) => { if (!event.target.closest('.node')) { drag = { x: event.clientX, y: event.clientY, view }; picture.setPointerCapture(event.pointerId); } });
  picture.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const scale = 1 / picture.getScreenCTM().a;
    show({ ...drag.view, x: drag.view.x - (event.clientX - drag.x) * scale, y: drag.view.y - (event.clientY - drag.y) * scale });
  });
  for (const end of ['pointerup', 'pointercancel']) picture.addEventListener(end, () => { drag = null; });

  function drawList(nodes) {
    const names = (map) => [...map].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([node, count]) => `${node.label} (${count})`).join(', ') + (map.size > 12 ? `, … ${map.size - 12} more` : '');
    listing.replaceChildren(h('details', null, h('summary', null, `The same as a list (${counted(nodes.length, 'node')})`),
      h('div', { class: 'scroll' }, h('table', null, h('thead', null, h('tr', null, ['Node', 'Needs', 'Needed by'].map((title) => h('th', { scope: 'col' }, title)))),
        h('tbody', null, nodes.map((node) => h('tr', null,
          h('td', null, h('button', { type: 'button', class: 'path', onclick: () => activate(node) }, node.label)), h('td', null, names(node.needs)), h('td', null, names(node.neededBy)))))))));
  }
  onLayout(() => { if (picture.isConnected) draw(); });
  return h('section', null,
    h('h1', null, 'Dependencies'),
    h('p', { class: 'soft' }, 'Arrows lead from what needs to what is needed, down the page. Click a folder to open it, a file to see it. Dashed arrows lead back and close a cycle.'),
    h('div', { class: 'tools' }, openFolders, h('span', { class: 'grow' }),
      h('button', { type: 'button', onclick: () => zoom(0.8), 'aria-label': 'Zoom in' }, '+'),
      h('button', { type: 'button', onclick: () => zoom(1.25), 'aria-label': 'Zoom out' }, '−'),
      h('button', { type: 'button', onclick: () => show(whole) }, 'Fit')),
    stage, listing, cycleCard());
}

function cycleCard() {
  if (!data.cycles.length) return h('p', { class: 'soft' }, 'No files need each other in a circle.');
  return h('div', { class: 'card' }, h('h2', null, `Import cycles (${data.cycles.length})`),
    h('ol', null, data.cycles.slice(0, 100).map(([members, path]) => h('li', null,
      `${counted(members.length, 'file')}: `, path.map(([from, , line]) => [filePlace(from, line), ' → ']), path.length ? filePlace(path[0][0]) : null))),
    data.cycles.length > 100 ? h('p', { class: 'more' }, `… and ${data.cycles.length - 100} more (--json has all)`) : null);
}
