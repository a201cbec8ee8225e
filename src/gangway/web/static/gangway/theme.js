/* Runs before the page is painted, so that nobody is dazzled: the person's choice, else what their system prefers. */
(() => {
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("gangway-theme");
    } catch {
      return null;
    }
  };
  const apply = () => {
    document.documentElement.dataset.bsTheme = chosen() || (prefersDark.matches ? "dark" : "light");
  };
  apply();
  prefersDark.addEventListener("change", apply);
})();
