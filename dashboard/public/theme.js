// Runs before the first paint, so that a chosen theme never flashes the other one.
try {
  const theme = localStorage.getItem('gosight.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  const language = localStorage.getItem('gosight.language');
  if (language) document.documentElement.lang = language;
} catch {
  // Storage may be forbidden; the system's preference holds.
}
