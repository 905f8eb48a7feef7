// A table that sorts by its headings, filters by words, and shows a hundred rows at a time.
const pageSize = 100;

/**
 * columns: [{title, value(row) for sorting, cell(row) → node or text, number, first: 'descending'}]
 * options: {name, rows, text(row) for the filter, choices: [{title, values, of(row)}], note, sort, query}
 */
function table(columns, options) {
  const state = { sort: options.sort ?? 0, down: true, page: 0, words: options.query ?? '', chosen: {} };
  state.down = (columns[state.sort].first ?? (columns[state.sort].number ? 'descending' : 'ascending')) === 'descending';
  const root = h('div');
  const body = h('tbody');
  const status = h('span', { role: 'status' });
  const back = h('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
  const next = h('button', { type: 'button', onclick: () => turn(1) }, 'Next');
  const headings = columns.map((column, index) =>
    h('th', { scope: 'col', class: column.number ? 'num' : null, 'aria-sort': 'none' },
      h('button', { type: 'button', onclick: () => sortBy(index) }, column.title)));
  const search = h('input', {
    type: 'search', placeholder: `Filter ${options.name}`, 'aria-label': `Filter ${options.name}`, value: state.words,
    oninput: () => { state.words = search.value; state.page = 0; draw(); },
  });
  const choices = (options.choices ?? []).filter((choice) => choice.values.length > 1).map((choice) =>
    h('select', {
      'aria-label': choice.title,
      onchange: (event) => { state.chosen[choice.title] = event.target.value; state.page = 0; draw(); },
    }, h('option', { value: '' }, choice.title), choice.values.map((value) => h('option', { value }, value))));
  root.append(
    h('div', { class: 'tools' }, search, choices),
    h('div', { class: 'scroll' },
      h('table', null, h('caption', { class: 'unseen' }, options.name), h('thead', null, h('tr', null, headings)), body)),
    h('div', { class: 'pager' }, back, next, status, options.note ? h('span', { class: 'more' }, options.note) : null));

  function sortBy(index) {
    const column = columns[index];
    if (state.sort === index) state.down = !state.down;
    else {
      state.sort = index;
      state.down = (column.first ?? (column.number ? 'descending' : 'ascending')) === 'descending';
    }
    state.page = 0;
    draw();
    announce(`Sorted by ${column.title}, ${state.down ? 'descending' : 'ascending'}`);
  }
  function turn(step) { state.page += step; draw(); root.scrollIntoView({ block: 'start' }); }

  function matching() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const picked = (options.choices ?? []).filter((choice) => state.chosen[choice.title]);
    const rows = options.rows.filter((row) => {
      if (!picked.every((choice) => choice.of(row) === state.chosen[choice.title])) return false;
      if (!words.length) return true;
      const text = options.text(row).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const value = columns[state.sort].value;
    const keyed = rows.map((row, index) => [value(row), index, row]);
    const sign = state.down ? -1 : 1;
    keyed.sort((a, b) => {
      if (a[0] < b[0]) return -sign;
      if (a[0] > b[0]) return sign;
      return a[1] - b[1];
    });
    return keyed.map((entry) => entry[2]);
  }

  function draw() {
    const rows = matching();
    const pages = Math.max(1, Math.ceil(rows.length / pageSize));
    state.page = Math.min(Math.max(0, state.page), pages - 1);
    const start = state.page * pageSize;
    const shown = rows.slice(start, start + pageSize);
    headings.forEach((heading, index) =>
      heading.setAttribute('aria-sort', state.sort !== index ? 'none' : state.down ? 'descending' : 'ascending'));
    body.replaceChildren(...shown.map((row) =>
      h('tr', null, columns.map((column) => h('td', { class: column.number ? 'num' : null }, column.cell(row))))));
    if (!shown.length) body.append(h('tr', null, h('td', { colspan: columns.length, class: 'soft' }, 'Nothing matches.')));
    status.textContent = rows.length === 0 ? 'no rows' : `${number(start + 1)}–${number(start + shown.length)} of ${number(rows.length)}`;
    back.disabled = state.page === 0;
    next.disabled = state.page >= pages - 1;
    back.hidden = next.hidden = pages === 1;
  }
  draw();
  return root;
}
