
'use strict';
const find = id => document.getElementById(id);
const rows = Array.from(document.querySelectorAll('details, section'), node => ({
  node,
  isChange: node.localName === 'details',
  kinds: (node.dataset.kinds || '').split('\n'),
  impact: node.dataset.impact,
  text: null,
}));
const changes = rows.filter(row => row.isChange);
const filter = () => {
  const words = find('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = find('kind').value, impact = find('impact').value;
  const fits = row => (!kind || row.kinds.includes(kind)) && (!impact || row.impact === impact)
    && words.every(word => row.text.includes(word));
  for (const row of rows) {
    if (words.length && row.text === null) row.text = row.node.textContent.toLowerCase();
    row.node.hidden = !fits(row);
  }
  const shown = changes.filter(row => !row.node.hidden).length;
  find('count').value = `${shown} of ${changes.length} changes`;
  find('none').hidden = rows.length === 0 || rows.some(row => !row.node.hidden);
};
const toggle = open => {
  for (const row of changes) if (!row.node.hidden) row.node.open = open;
};
for (const id of ['search', 'kind', 'impact']) {
  for (const event of ['input', 'change']) find(id).addEventListener(event, filter);
}
find('open').addEventListener('click', () => toggle(true));
find('close').addEventListener('click', () => toggle(false));
filter();
