// Sets light or dark before the first paint. A file of its own because the CSP allows no inline script.
;(() => {
  let wanted = 'auto'
  try {
    wanted = localStorage.getItem('opsconductor-color-scheme') || 'auto'
  } catch {
    // Storage can be switched off; the system's choice is then followed.
  }
  const dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
