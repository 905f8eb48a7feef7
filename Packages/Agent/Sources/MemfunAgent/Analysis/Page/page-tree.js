// Folders as a tree: shared by the treemap and the graph.
function makeFolder(name, path, parent) {
  return { name, path, parent, folders: new Map(), files: [], size: 0, heat: 0, count: 0 };
}

/** The folder tree of the files that `include` lets in. */
function folderTree(include) {
  const root = makeFolder(data.project, '', null);
  for (let file = 0; file < fileCount; file++) {
    if (!include(file)) continue;
    const parts = files.path[file].split('/');
    let folder = root;
    for (let i = 0; i < parts.length - 1; i++) {
      let next = folder.folders.get(parts[i]);
      if (!next) {
        next = makeFolder(parts[i], folder.path ? folder.path + '/' + parts[i] : parts[i], folder);
        folder.folders.set(parts[i], next);
      }
      folder = next;
    }
    folder.files.push(file);
    const size = Math.max(1, files.code[file]);
    for (let up = folder; up; up = up.parent) {
      up.size += size;
      up.count += 1;
      up.heat = Math.max(up.heat, heat(file));
    }
  }
  return root;
}

function findFolder(root, path) {
  let folder = root;
  for (const part of path.split('/').filter(Boolean)) {
    folder = folder.folders.get(part);
    if (!folder) return null;
  }
  return folder;
}

/** Folders and files of a folder, largest first. */
function entries(folder) {
  const list = [...folder.folders.values()].map((child) => ({ folder: child, name: child.name, size: child.size, heat: child.heat }));
  for (const file of folder.files) {
    const path = files.path[file];
    list.push({ file, name: path.slice(path.lastIndexOf('/') + 1), size: Math.max(1, files.code[file]), heat: heat(file) });
  }
  return list.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
}

function breadcrumbs(base, folder) {
  const way = [];
  for (let up = folder; up; up = up.parent) way.unshift(up);
  return h('nav', { class: 'crumbs', 'aria-label': 'Folder' }, way.map((step, index) => [
    index ? h('span', { class: 'soft', 'aria-hidden': 'true' }, '/') : null,
    step === folder ? h('b', { 'aria-current': 'page' }, step.name)
      : h('a', { href: base + encodeURIComponent(step.path).replaceAll('%2F', '/') }, step.name),
  ]));
}
