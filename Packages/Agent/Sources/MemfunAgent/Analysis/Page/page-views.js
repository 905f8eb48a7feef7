// One function a view: each returns the element to show.
const severities = ['info', 'low', 'medium', 'high'];
const functions = data.functions;
const functionCount = functions.name.length;
const indices = (count) => Array.from({ length: count }, (_, index) => index);
const capNote = (name) => data.totals[name] > data.shown[name]
  ? `The first ${number(data.shown[name])} of ${number(data.totals[name])}; --json has all.` : null;

function overviewView() {
  const totals = data.totals;
  const severe = data.findings.severity.filter((level) => level >= 2).length;
  const tile = (label, value, detail, href) => h('li', null,
    h(href ? 'a' : 'span', { href, class: href ? null : 'tile' }, h('span', { class: 'label' }, label), h('b', null, value), detail ? h('span', { class: 'detail' }, detail) : null));
  const hottest = indices(fileCount).filter((file) => isOwn[file] && heat(file) > 0).sort((a, b) => heat(b) - heat(a)).slice(0, 8);
  const top = indices(functionCount).slice(0, 8);
  return h('section', null,
    h('div', { class: 'hero' }, h('h1', null, data.project), data.facts.map((line) => h('p', null, line))),
    data.standouts.length ? h('div', { class: 'card' }, h('h2', null, 'What stands out'),
      h('ol', { class: 'standouts' }, data.standouts.map((item) => h('li', null, sentence(item))))) : null,
    data.conditions.length ? conditionsCard() : null,
    data.narrative ? narrativeCard() : null,
    h('ul', { class: 'tiles' },
      tile('Files', number(totals.files), `${number(totals.ownFiles)} own code`, '#/files'),
      tile('Lines of code', number(totals.ownCode), `${number(totals.allFunctions)} functions`, '#/functions'),
      tile('Findings', number(totals.findings), `${number(severe)} medium or high`, '#/findings'),
      tile('Import cycles', number(data.cycles.length), data.cycles.length ? `largest: ${data.cycles[0][0].length} files` : 'none', '#/graph'),
      tile('Duplicated lines', percent(totals.duplicateShare), counted(totals.duplicates, 'group'), '#/duplicates'),
      tile('Files with tests', totals.testable ? percent(totals.tested / totals.testable) : '–', `${number(totals.tested)} of ${number(totals.testable)}`, '#/files')),
    h('div', { class: 'columns' },
      h('div', { class: 'card' }, h('h2', null, hasHistory ? 'Hottest files' : 'Most complex files'),
        hottest.length ? bars(hottest.map((file) => [filePlace(file), heat(file), hasHistory ? `${score(heat(file))} · ${counted(files.commits[file], 'commit')}` : `complexity ${number(files.complexity[file])}`]))
          : h('p', { class: 'soft' }, 'None.')),
      h('div', { class: 'card' }, h('h2', null, 'Most complex functions'),
        top.length ? bars(top.map((id) => [h('a', { href: link(files.path[functions.file[id]]), class: 'path' }, functions.name[id]), functions.complexity[id] / functions.complexity[0], `${number(functions.complexity[id])} · ${counted(functions.lines[id], 'line')}`]))
          : h('p', { class: 'soft' }, 'No functions were found.'))),
    languagesCard());
}

function bars(rows) {
  return h('ul', { class: 'bars' }, rows.map(([name, share, value]) => h('li', null,
    h('div', { class: 'row' }, h('span', null, name), h('span', { class: 'value' }, value)),
    h('div', { class: 'track' }, h('div', { class: 'fill', style: { width: Math.max(0.5, share * 100) + '%' } })))));
}

function languagesCard() {
  // Okabe and Ito's palette keeps apart for readers who do not tell red from green.
  const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8c8c8c'];
  const coded = data.languages.filter((entry) => entry[2] > 0);
  const total = coded.reduce((sum, entry) => sum + entry[2], 0);
  if (!total) return null;
  const shown = coded.slice(0, 6);
  const rest = coded.slice(6).reduce((sum, entry) => sum + entry[2], 0);
  if (rest) shown.push([`${coded.length - 6} more`, null, rest]);
  return h('div', { class: 'card' }, h('h2', null, 'Languages'),
    h('div', { class: 'stack', 'aria-hidden': 'true' }, shown.map((entry, index) => h('div', { style: { width: (entry[2] / total) * 100 + '%', background: palette[index] } }))),
    h('ul', { class: 'legend' }, shown.map((entry, index) => h('li', null, h('span', { class: 'dot', style: { background: palette[index] } }),
      `${entry[0]} ${percent(entry[2] / total)} · ${counted(entry[2], 'line')}${entry[1] ? ` in ${counted(entry[1], 'file')}` : ''}`))));
}

function conditionsCard() {
  const broken = new Set(data.violations.map((entry) => entry[0]));
  return h('div', { class: 'card' }, h('h2', null, 'Conditions'),
    h('ul', { class: 'plain' },
      data.violations.map(([condition, words, count, examples]) => h('li', null, h('span', { class: 'badge high' }, 'violated'), ' ', h('code', null, condition), ' · ', sentence(words),
        h('ul', null, examples.map(([where, message]) => h('li', null, where ? [place(...where), ': '] : null, sentence(message))),
          count > examples.length ? h('li', { class: 'more' }, `… and ${number(count - examples.length)} more`) : null))),
      data.conditions.filter((condition) => !broken.has(condition)).map((condition) => h('li', null, h('span', { class: 'badge good' }, 'holds'), ' ', h('code', null, condition)))));
}

function narrativeCard() {
  const { claims, removed, model } = data.narrative;
  return h('div', { class: 'card' }, h('h2', null, 'In the model’s words'),
    h('ul', null, claims.map(([text, places]) => h('li', null, sentence(text), ' (', places.map((where, index) => [index ? ', ' : '', place(...where)]), ')'))),
    h('p', { class: 'more' }, `Written by ${model}; every reference was checked against the code map, ${counted(removed, 'claim')} removed.`));
}

function filesView() {
  const tested = new Set(data.tested);
  return h('section', null, h('h1', null, 'Files'), table([
    { title: 'File', value: (file) => files.path[file], cell: (file) => [heatDot(file), filePlace(file)] },
    { title: hasHistory ? 'Hot spot' : 'Heat', number: true, value: heat, cell: (file) => score(heat(file)) },
    { title: 'Complexity', number: true, value: (file) => files.complexity[file], cell: (file) => number(files.complexity[file]) },
    ...(hasHistory ? [
      { title: 'Commits', number: true, value: (file) => files.commits[file], cell: (file) => number(files.commits[file]) },
      { title: 'Churn', number: true, value: (file) => files.churn[file], cell: (file) => number(files.churn[file]) },
    ] : []),
    { title: 'Code', number: true, value: (file) => files.code[file], cell: (file) => number(files.code[file]) },
    { title: 'Used by', number: true, value: (file) => incoming[file].length, cell: (file) => number(incoming[file].length) },
    { title: 'Tests', value: (file) => (tested.has(file) ? 1 : 0), cell: (file) => (tested.has(file) ? h('span', { class: 'badge good' }, 'linked') : data.roles[files.role[file]] === 'source' && isOwn[file] ? h('span', { class: 'soft' }, 'none') : '') },
  ], {
    name: 'files', rows: indices(fileCount), sort: 1, text: (file) => files.path[file],
    choices: [
      { title: 'All languages', values: data.languageNames, of: (file) => data.languageNames[files.language[file]] },
      { title: 'All roles', values: data.roles, of: (file) => data.roles[files.role[file]] },
    ],
  }));
}

function functionsView() {
  return h('section', null, h('h1', null, 'Functions'), table([
    { title: 'Function', value: (id) => functions.name[id], cell: (id) => h('code', null, functions.name[id]) },
    { title: 'Place', value: (id) => files.path[functions.file[id]], cell: (id) => filePlace(functions.file[id], functions.line[id]) },
    { title: 'Complexity', number: true, value: (id) => functions.complexity[id], cell: (id) => number(functions.complexity[id]) },
    { title: 'Lines', number: true, value: (id) => functions.lines[id], cell: (id) => number(functions.lines[id]) },
    { title: hasHistory ? 'File’s hot spot' : 'File’s heat', number: true, value: (id) => heat(functions.file[id]), cell: (id) => [heatDot(functions.file[id]), score(heat(functions.file[id]))] },
  ], {
    name: 'functions', rows: indices(functionCount), sort: 2, note: capNote('functions'),
    text: (id) => functions.name[id] + ' ' + files.path[functions.file[id]],
  }));
}

function findingRow(id) {
  const found = data.findings;
  return { severity: found.severity[id], rule: data.rules[found.rule[id]], place: found.place[id], message: found.message[id], measure: found.measure[id] };
}
const plain = (parts) => parts.map((part) => (typeof part === 'string' ? part : part[1])).join('');

function findingsView() {
  const rows = indices(data.findings.rule.length).map(findingRow);
  return h('section', null, h('h1', null, 'Findings'), table([
    { title: 'Severity', first: 'descending', value: (row) => row.severity, cell: (row) => h('span', { class: 'badge ' + severities[row.severity] }, severities[row.severity]) },
    { title: 'Rule', value: (row) => row.rule, cell: (row) => h('code', null, row.rule) },
    { title: 'Place', value: (row) => (row.place ? row.place[0] : ''), cell: (row) => (row.place ? place(...row.place) : '–') },
    { title: 'What', value: (row) => plain(row.message), cell: (row) => sentence(row.message) },
    { title: 'Measure', number: true, value: (row) => row.measure, cell: (row) => number(row.measure) },
  ], {
    name: 'findings', rows, sort: 0, note: capNote('findings'),
    text: (row) => `${row.rule} ${row.place ? row.place[0] : ''} ${plain(row.message)}`,
    choices: [
      { title: 'All severities', values: [...severities].reverse(), of: (row) => severities[row.severity] },
      { title: 'All rules', values: data.rules, of: (row) => row.rule },
    ],
  }));
}

function duplicatesView() {
  return h('section', null, h('h1', null, 'Duplicates'),
    h('p', { class: 'soft' }, `${percent(data.totals.duplicateShare)} of own code lies in ${counted(data.totals.duplicates, 'group')} of duplicate blocks.`),
    table([
      { title: 'Lines', number: true, value: (group) => group[0], cell: (group) => number(group[0]) },
      { title: 'Places', number: true, value: (group) => group[1].length, cell: (group) => number(group[1].length) },
      { title: 'Would go away', number: true, value: (group) => group[0] * (group[1].length - 1), cell: (group) => counted(group[0] * (group[1].length - 1), 'line') },
      { title: 'Where', value: (group) => files.path[group[1][0][0]], cell: (group) => h('ul', { class: 'plain' }, group[1].slice(0, 8).map((copy) => h('li', null, filePlace(...copy))), group[1].length > 8 ? h('li', { class: 'more' }, `… and ${group[1].length - 8} more`) : null) },
    ], { name: 'duplicates', rows: data.duplicates, sort: 2, note: capNote('duplicates'), text: (group) => group[1].map((copy) => files.path[copy[0]]).join(' ') }));
}

function markersView() {
  return h('section', null, h('h1', null, 'Open promises'), table([
    { title: 'Kind', value: (marker) => marker[2], cell: (marker) => h('span', { class: 'badge ' + (marker[2] === 'FIXME' ? 'medium' : 'low') }, marker[2]) },
    { title: 'Place', value: (marker) => files.path[marker[0]], cell: (marker) => filePlace(marker[0], marker[1]) },
    { title: 'Text', value: (marker) => marker[3], cell: (marker) => marker[3] },
    { title: hasHistory ? 'File’s hot spot' : 'File’s heat', number: true, value: (marker) => heat(marker[0]), cell: (marker) => score(heat(marker[0])) },
  ], {
    name: 'markers', rows: data.markers, sort: 3, note: capNote('markers'), text: (marker) => `${marker[2]} ${files.path[marker[0]]} ${marker[3]}`,
    choices: [{ title: 'All kinds', values: ['TODO', 'FIXME', 'HACK', 'XXX'], of: (marker) => marker[2] }],
  }));
}

function fileView(path) {
  const file = fileIndex.get(path);
  if (file === undefined) return h('section', null, h('h1', null, 'No such file'), h('p', null, 'The report knows no file ', h('span', { class: 'path' }, path), '.'));
  const own = indices(functionCount).filter((id) => functions.file[id] === file).sort((a, b) => functions.line[a] - functions.line[b]);
  const found = indices(data.findings.rule.length).map(findingRow).filter((row) => row.place && row.place[0] === path);
  const copies = data.duplicates.filter((group) => group[1].some((copy) => copy[0] === file));
  const promises = data.markers.filter((marker) => marker[0] === file);
  const fact = (name, value) => h('div', null, h('dt', null, name), h('dd', null, value));
  const card = (title, list, row, none) => (list.length || none) ? h('div', { class: 'card' }, h('h2', null, list.length ? `${title} (${number(list.length)})` : title),
    list.length ? h('ul', { class: 'plain' }, list.slice(0, 200).map((item) => h('li', null, row(item))), list.length > 200 ? h('li', { class: 'more' }, `… and ${number(list.length - 200)} more`) : null) : h('p', { class: 'soft' }, none)) : null;
  const owner = data.owners[file];
  return h('section', null,
    h('h1', null, heatDot(file), h('span', { class: 'path' }, path)),
    h('div', { class: 'card' }, h('dl', { class: 'facts' },
      fact('Language', data.languageNames[files.language[file]] || '–'), fact('Role', data.roles[files.role[file]]),
      fact('Lines', number(files.lines[file])), fact('Code lines', number(files.code[file])), fact('Complexity', number(files.complexity[file])),
      hasHistory ? [fact('Commits', number(files.commits[file])), fact('Changed lines', number(files.churn[file])), fact('Hot-spot score', score(heat(file)))] : null,
      owner ? fact('Authors', `${owner[0]}, mostly ${owner[1]} (${percent(owner[2])})`) : null)),
    card('Findings', found, (row) => [h('span', { class: 'badge ' + severities[row.severity] }, severities[row.severity]), ' ', row.place[1] ? `line ${row.place[1]}: ` : '', sentence(row.message)]),
    h('div', { class: 'columns' },
      card('Imports', outgoing[file], (other) => filePlace(other), 'It imports no other file of the tree.'),
      card('Imported by', incoming[file], (other) => filePlace(other), 'No file of the tree imports it.')),
    card('Functions', own, (id) => [h('span', { class: 'soft num' }, `${functions.line[id]}–${functions.line[id] + functions.lines[id] - 1} `), h('code', null, functions.name[id]), h('span', { class: 'soft' }, ` complexity ${functions.complexity[id]}, ${counted(functions.lines[id], 'line')}`)]),
    card('Duplicates', copies, (group) => [`${counted(group[0], 'line')}: `, group[1].map((copy, index) => [index ? ', ' : '', filePlace(...copy)])]),
    card('Open promises', promises, (marker) => [h('span', { class: 'soft num' }, `${marker[1]} `), marker[2], ' ', marker[3]]));
}

function aboutView() {
  return h('section', null, h('h1', null, 'About this report'),
    h('div', { class: 'card' }, h('h2', null, 'How it was computed'), h('ul', null, data.method.map((item) => h('li', null, sentence(item))))),
    data.authors.length ? h('div', { class: 'card' }, h('h2', null, `Authors (${number(data.authors.length)})`),
      bars(data.authors.slice(0, 30).map(([name, commits]) => [name, commits / data.authors[0][1], counted(commits, 'commit')])),
      data.authors.length > 30 ? h('p', { class: 'more' }, `… and ${number(data.authors.length - 30)} more`) : null) : null,
    h('div', { class: 'card' }, h('h2', null, `Not analysed (${number(data.totals.skipped)})`),
      data.skipped.length ? h('ul', { class: 'plain' }, data.skipped.map(([path, reason]) => h('li', null, h('span', { class: 'path' }, path), h('span', { class: 'soft' }, ' · ' + reason)))) : h('p', { class: 'soft' }, 'Every file was read.'),
      capNote('skipped') ? h('p', { class: 'more' }, capNote('skipped')) : null),
    h('div', { class: 'card' }, h('h2', null, 'Rules'), h('dl', null, data.ruleTexts.map(([rule, text]) => [h('dt', null, h('code', null, rule)), h('dd', { class: 'soft' }, text)]))));
}
