// Areas by size, colours by heat. Layout: squarified treemaps (Bruls, Huizing, van Wijk 2000).

/** Splits a rectangle among entries by their size, in rows whose cells are as square as they can be. */
function squarify(list, x, y, width, height, emit) {
  let total = list.reduce((sum, entry) => sum + entry.size, 0);
  let index = 0;
  while (index < list.length && width > 0.5 && height > 0.5) {
    const side = Math.min(width, height);
    const scale = (width * height) / total;
    let sum = 0;
    let worst = Infinity;
    let end = index;
    while (end < list.length) {
      const next = sum + list[end].size;
      const length = (next * scale) / side;
      const largest = list[index].size * scale;
      const smallest = list[end].size * scale;
      const ratio = Math.max(largest / (length * length), (length * length) / smallest);
      if (ratio > worst) break;
      worst = ratio;
      sum = next;
      end += 1;
    }
    const thickness = (sum * scale) / side;
    let offset = 0;
    for (let i = index; i < end; i++) {
      const length = (list[i].size * scale) / thickness;
      if (width >= height) emit(list[i], x, y + offset, thickness, length);
      else emit(list[i], x + offset, y, length, thickness);
      offset += length;
    }
    if (width >= height) { x += thickness; width -= thickness; } else { y += thickness; height -= thickness; }
    total -= sum;
    index = end;
  }
}

function treemapView(path) {
  let every = false;
  const include = (file) => every || isOwn[file];
  let tree = folderTree(include);
  if (tree.count === 0) { every = true; tree = folderTree(include); }
  const folder = findFolder(tree, path) ?? tree;
  const canvas = h('canvas', { tabindex: 0, role: 'application', 'aria-label': `Treemap of ${folder.path || data.project}: arrow keys move, Enter opens, Escape goes up` });
  const tip = h('div', { class: 'tip', hidden: true });
  const stage = h('div', { class: 'stage' }, canvas, tip);
  const list = entries(folder);
  let cells = [];
  let top = [];
  let focus = null;
  const go = (target) => { location.hash = '#/treemap/' + encodeURIComponent(target).replaceAll('%2F', '/'); };

  function layout() {
    const width = canvas.clientWidth || 900;
    const height = Math.max(320, Math.min(680, Math.round(window.innerHeight * 0.68)));
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = height + 'px';
    canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
    cells = [];
    top = [];
    place(list, 0, 0, width, height, 0, null);
  }

  function place(list, x, y, width, height, depth, owner) {
    squarify(list, x, y, width, height, (entry, ex, ey, ew, eh) => {
      const cell = { entry, x: ex, y: ey, width: ew, height: eh, depth, top: owner };
      cells.push(cell);
      if (depth === 0) { top.push(cell); cell.top = cell; }
      if (!entry.folder) return;
      const header = eh > 34 && ew > 60 ? 18 : 2;
      cell.header = header;
      if (ew > 6 && eh > header + 4) {
        place(entries(entry.folder), ex + 2, ey + header, ew - 4, eh - header - 2, depth + 1, cell.top);
      }
    });
  }

  function draw() {
    const pen = canvas.getContext('2d');
    const look = getComputedStyle(document.documentElement);
    const [paper, line, soft, ring] = ['--card', '--line', '--soft', '--focus'].map((name) => look.getPropertyValue(name));
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.textBaseline = 'middle';
    for (const cell of cells) {
      const { entry, x, y, width, height } = cell;
      if (entry.folder) {
        pen.fillStyle = paper;
        pen.fillRect(x, y, width, height);
        pen.strokeStyle = line;
        pen.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), Math.max(0, height - 1));
        if (cell.header === 18) label(pen, entry.name, x + 6, y + 10, width - 12, soft, 11.5, '600 ');
      } else {
        const rgb = heatColour(entry.heat);
        pen.fillStyle = css(rgb);
        pen.fillRect(x + 0.5, y + 0.5, Math.max(0.5, width - 1), Math.max(0.5, height - 1));
        if (width > 44 && height > 15) label(pen, entry.name, x + 5, y + Math.min(height / 2, 10), width - 10, inkOn(rgb), 11, '');
      }
    }
    if (focus) {
      pen.strokeStyle = ring;
      pen.lineWidth = 3;
      pen.strokeRect(focus.x + 1.5, focus.y + 1.5, Math.max(1, focus.width - 3), Math.max(1, focus.height - 3));
      pen.lineWidth = 1;
    }
  }

  function label(pen, text, x, y, width, colour, size, weight) {
    pen.font = `${weight}${size}px system-ui, "DejaVu Sans", sans-serif`;
    let shown = visible(text);
    if (pen.measureText(shown).width > width) {
      while (shown.length > 1 && pen.measureText(shown + '…').width > width) shown = shown.slice(0, -1);
      if (shown.length < 2) return;
      shown += '…';
    }
    pen.fillStyle = colour;
    pen.fillText(shown, x, y);
  }

  const describe = (entry) => entry.folder
    ? [`${counted(entry.folder.count, 'file')}, ${counted(entry.size, 'line')} of code`, `hottest file: ${score(entry.heat)}`]
    : [`${counted(files.code[entry.file], 'line')} of code, complexity ${number(files.complexity[entry.file])}`,
      hasHistory ? `${heatName} ${score(entry.heat)}, ${counted(files.commits[entry.file], 'commit')}` : ''];

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let found = null;
    for (const cell of cells) {
      if (x >= cell.x && x < cell.x + cell.width && y >= cell.y && y < cell.y + cell.height) found = cell;
    }
    return found && { cell: found, x, y };
  }

  function open(entry) {
    if (entry.folder) go(entry.folder.path);
    else location.hash = link(files.path[entry.file]);
  }

  canvas.addEventListener('pointermove', (event) => {
    const hit = at(event);
    tip.hidden = !hit;
    if (!hit) return;
    const entry = hit.cell.entry;
    tip.replaceChildren(h('b', null, entry.folder ? entry.folder.path + '/' : files.path[entry.file]),
      ...describe(entry).filter(Boolean).flatMap((line) => [h('br'), line]));
    tip.style.left = Math.min(hit.x + 14, Math.max(0, canvas.clientWidth - 280)) + 'px';
    tip.style.top = (hit.y > canvas.clientHeight - 90 ? hit.y - 80 : hit.y + 14) + 'px';
    canvas.style.cursor = 'pointer';
  });
  canvas.addEventListener('pointerleave', () => { tip.hidden = true; });
  canvas.addEventListener('click', (event) => {
    const hit = at(event);
    if (!hit) return;
    // A file opens; the frame or heading of a folder zooms into it.
    open(hit.cell.entry);
  });
  canvas.addEventListener('focus', () => { if (!focus && canvas.matches(':focus-visible')) move(top[0]); });
  canvas.addEventListener('blur', () => { focus = null; draw(); });
  canvas.addEventListener('keydown', (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (directions[event.key]) move(focus ? nearest(focus, directions[event.key]) : top[0]);
    else if (event.key === 'Enter' && focus) open(focus.entry);
    else if (event.key === 'Escape' && folder.parent) go(folder.parent.path);
    else return;
    event.preventDefault();
  });
  function move(cell) {
    if (!cell) return;
    focus = cell;
    draw();
    announce(`${cell.entry.name}${cell.entry.folder ? ', folder' : ''}: ${describe(cell.entry).filter(Boolean).join(', ')}`);
  }
  function nearest(from, [dx, dy]) {
    const centre = (cell) => [cell.x + cell.width / 2, cell.y + cell.height / 2];
    const [fx, fy] = centre(from);
    let best = from;
    let distance = Infinity;
    for (const cell of top) {
      const [x, y] = centre(cell);
      const along = (x - fx) * dx + (y - fy) * dy;
      const across = Math.abs((x - fx) * dy) + Math.abs((y - fy) * dx);
      if (cell !== from && along > 1 && along + 2 * across < distance) { best = cell; distance = along + 2 * across; }
    }
    return best;
  }

  const redraw = () => { if (canvas.isConnected) { layout(); draw(); } };
  onLayout(redraw);
  const hidden = data.totals.files - tree.count;
  return h('section', null,
    h('h1', null, 'Treemap'),
    h('p', { class: 'soft' }, `Each rectangle is a file: its area is its lines of code, its colour the ${heatName}. Click a heading to zoom into a folder, a file to see what is known of it.`),
    h('div', { class: 'tools' }, breadcrumbs('#/treemap/', folder), h('span', { class: 'grow' }), heatLegend()),
    stage,
    hidden > 0 ? h('p', { class: 'more' }, `${counted(hidden, 'file')} that ${hidden === 1 ? 'is' : 'are'} vendored, generated or no code ${hidden === 1 ? 'is' : 'are'} not drawn.`) : null,
    h('details', null, h('summary', null, `The same as a list (${counted(list.length, 'entry', 'entries')})`),
      h('ul', { class: 'plain' }, list.slice(0, 500).map((entry) => h('li', null,
        h('a', { class: 'path', href: entry.folder ? '#/treemap/' + encodeURIComponent(entry.folder.path).replaceAll('%2F', '/') : link(files.path[entry.file]) },
          entry.name + (entry.folder ? '/' : '')), ' ', h('span', { class: 'soft' }, describe(entry).filter(Boolean).join(', ')))))));
}
