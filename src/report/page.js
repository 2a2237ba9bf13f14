
'use strict';
const find = id => document.getElementById(id);
const rows = Array.from(document.querySelectorAll('details'), node => ({
  node, kind: node.dataset.kind, impact: node.dataset.impact, text: null,
}));
const filter = () => {
  const words = find('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = find('kind').value, impact = find('impact').value;
  let shown = 0;
  for (const row of rows) {
    if (words.length && row.text === null) row.text = row.node.textContent.toLowerCase();
    const fits = (!kind || row.kind === kind) && (!impact || row.impact === impact)
      && words.every(word => row.text.includes(word));
    row.node.hidden = !fits;
    if (fits) shown += 1;
  }
  find('count').value = `${shown} of ${rows.length} changes`;
  find('none').hidden = shown > 0 || rows.length === 0;
};
const toggle = open => rows.forEach(row => { if (!row.node.hidden) row.node.open = open; });
for (const id of ['search', 'kind', 'impact']) find(id).addEventListener('input', filter);
find('open').addEventListener('click', () => toggle(true));
find('close').addEventListener('click', () => toggle(false));
filter();
