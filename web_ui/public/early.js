// Before the first paint, so that nobody who likes the dark is flashed at.
try {
  const kept = JSON.parse(localStorage.getItem('musegraph.look') || '{}');
  if (kept.theme) document.documentElement.dataset.theme = kept.theme;
  if (kept.language) document.documentElement.lang = kept.language;
} catch {
  /* what was kept there is not ours */
}
