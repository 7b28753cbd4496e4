(() => {
  "use strict";
  const root = document.documentElement;

  // Light or dark: as the system says until somebody says otherwise.
  const looks = document.getElementById("looks");
  looks.hidden = false;
  looks.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // All small steps of a section at once.
  for (const button of document.querySelectorAll("button.all")) {
    const steps = [...button.closest("section").querySelectorAll("details")];
    const say = () => {
      button.textContent = steps.every((d) => d.open) ? "Close all small steps" : "Open all small steps";
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = !steps.every((d) => d.open);
      steps.forEach((d) => { d.open = open; });
      say();
    });
    steps.forEach((d) => d.addEventListener("toggle", say));
  }

  // On paper everything is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));

  // What is wider than the screen shows that it goes on, and can be reached and scrolled by keyboard.
  const reach = (box) => {
    const wide = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("scrolls", wide);
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "formula, scrolls sideways");
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
  };
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
  document.querySelectorAll(".formula").forEach((box) => watch.observe(box));
})();
