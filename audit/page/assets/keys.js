// Keys for the audit page. Everything here presses buttons and follows links
// that stand in the page already; without script they work by hand.
(() => {
  'use strict';
  const all = (selector) => [...document.querySelectorAll(selector)];
  const places = () => all('.item[tabindex], .doc details.why');
  let at = -1;

  // go moves to place i: it gets the focus and is scrolled to.
  function go(i) {
    const ps = places();
    if (!ps.length) return;
    at = Math.max(0, Math.min(i, ps.length - 1));
    const p = ps[at];
    all('.why.at').forEach((x) => x.classList.remove('at'));
    if (p.matches('details')) p.classList.add('at');
    const target = p.matches('details') ? p.querySelector('summary') : p;
    target.focus({ preventScroll: true });
    p.scrollIntoView({ block: p.offsetHeight > innerHeight * .8 ? 'start' : 'center' });
  }

  // here is the place with the focus, else the last one gone to.
  function here() {
    const ps = places();
    const i = ps.findIndex((p) => p.contains(document.activeElement));
    if (i >= 0) at = i;
    return ps[at];
  }

  const press = (selector) => { const p = here(); const b = p && p.querySelector(selector); if (b) b.click(); return !!b; };
  const follow = (selector) => { const a = document.querySelector(selector); if (a) a.click(); return !!a; };

  const keys = {
    j: () => { here(); go(at + 1); },
    k: () => { here(); go(at - 1); },
    s: () => press('button.put-off'),
    w: () => press('button.wrong'),
    r: () => press('button.right'),
    o: () => { const p = here(); if (p && p.matches('details')) p.open = !p.open; else press('.doc-link'); },
    e: () => {
      const p = here();
      if (!p) return;
      if (p.matches('details')) p.open = true;
      const field = p.querySelector('input[name^=why]');
      if (field) field.focus();
    },
    b: () => {
      const field = document.getElementById('kept-text');
      const chosen = String(getSelection());
      if (!field) return;
      if (chosen.trim()) field.value = chosen;
      field.focus();
    },
    n: () => follow('a[rel=next]'),
    p: () => follow('a[rel=prev]'),
    '/': () => { const q = document.getElementById('q'); if (q) { q.focus(); q.select(); } },
    '?': () => { const d = document.getElementById('keys'); if (d) { if (d.open) d.close(); else d.showModal(); } },
  };

  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const t = e.target;
    if (t.closest('input, textarea, select')) {
      if (e.key === 'Escape') t.blur();
      return;
    }
    const dialog = document.getElementById('keys');
    if (dialog && dialog.open && e.key !== '?') return;
    const f = keys[e.key];
    if (!f) return;
    e.preventDefault();
    f();
  });

  // A mark made twice by two quick presses is one too many.
  document.addEventListener('submit', (e) => {
    if (e.target.dataset.sent) e.preventDefault();
    e.target.dataset.sent = '1';
  });
  addEventListener('pageshow', () => all('form').forEach((f) => delete f.dataset.sent));

  // Begin where the address points: at a removal, or at a place of the queue.
  // Not before all is loaded: until then the browser itself goes to what the
  // address names, and takes the focus away.
  function begin() {
    const named = location.hash.slice(1) && document.getElementById(location.hash.slice(1));
    const ps = places();
    if (named && ps.includes(named)) go(ps.indexOf(named));
    else if (location.hash.startsWith('#i') && ps.length) go(ps.length - 1);
    else if (document.querySelector('.queue') && ps.length && at < 0) { at = 0; ps[0].focus({ preventScroll: true }); }
  }
  if (document.readyState === 'complete') begin();
  else addEventListener('load', () => setTimeout(begin));
})();
