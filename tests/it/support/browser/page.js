const page = {
  plain: (text) => text.replace(/\s+/g, " ").trim(),
  visible: (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0,

  // The element that has this text: all of it, else in it. What stands in the page itself comes before its frame.
  named(text) {
    const all = [...document.querySelectorAll("main a, main button, main summary, a, button, summary")].filter(page.visible);
    return all.find((one) => page.plain(one.textContent) === text) ?? all.find((one) => page.plain(one.textContent).includes(text));
  },

  // Clicks it; says whether another page comes.
  click(text) {
    const one = page.named(text);
    const link = one.closest("a[href]"), form = one.closest("form");
    const href = link?.getAttribute("href") ?? "#";
    const leads = link ? !href.startsWith("#") && !link.hasAttribute("download")
      : one.tagName === "BUTTON" && one.type === "submit" && form !== null && form.getAttribute("method") !== "dialog" && (one.formNoValidate || form.checkValidity());
    one.scrollIntoView({ block: "center" });
    // Later, so that the answer to this comes before the page is gone.
    setTimeout(() => one.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, view: window })), 0);
    return leads;
  },

  fill(label, value) {
    const labels = [...document.querySelectorAll("label")].filter(page.visible);
    const found = labels.find((one) => page.plain(one.textContent) === label) ?? labels.find((one) => page.plain(one.textContent).includes(label));
    const field = found?.control ?? document.querySelector(`[aria-label="${CSS.escape(label)}"]`);
    if (!field) return `no field ${label}`;
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked !== (value !== "")) field.click();
      return "";
    }
    if (field.tagName === "SELECT") {
      const option = [...field.options].find((one) => one.value === value || page.plain(one.textContent) === value);
      if (!option) return `no choice ${value} in ${label}`;
      field.value = option.value;
    } else {
      field.value = value;
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return "";
  },

  // Charts are drawn by scripts, after the page is there.
  isDrawn: () => [...document.querySelectorAll(".chart")].every((chart) => chart.childNodes.length > 0),

  faults() {
    const faults = [];
    const root = document.documentElement;
    if (!["ja", "en"].includes(root.lang)) faults.push(`lang: ${root.lang}`);
    if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
    if (root.scrollWidth > root.clientWidth) faults.push(`wider than the window: ${root.scrollWidth} > ${root.clientWidth}`);
    for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
      if (!field.labels?.length && !field.ariaLabel) faults.push(`no label: ${field.outerHTML}`);
    }
    for (const one of document.querySelectorAll("a, button, summary")) {
      if (!page.plain(one.textContent) && !one.ariaLabel) faults.push(`no name: ${one.outerHTML}`);
    }
    for (const table of document.querySelectorAll("table:not(.u-legend)")) {
      if (!table.querySelector("th")) faults.push(`no header: ${table.outerHTML.slice(0, 200)}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    new Set(ids.filter((id, at) => ids.indexOf(id) !== at)).forEach((id) => faults.push(`id twice: ${id}`));
    if (document.querySelector("[style]:not(.chart *)")) faults.push(`style: ${document.querySelector("[style]:not(.chart *)").outerHTML.slice(0, 200)}`);
    return faults.concat(page.contrasts());
  },

  // Red, green and blue from 0 to 1, and how opaque.
  colour(text) {
    const numbers = text.match(/[\d.]+(e-?\d+)?/g).map(Number);
    return text.startsWith("color(") ? [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1]
      : [numbers[0] / 255, numbers[1] / 255, numbers[2] / 255, numbers[3] ?? 1];
  },

  luminance([red, green, blue]) {
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  },

  ground(element) {
    for (let one = element; one; one = one.parentElement) {
      const colour = page.colour(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0.95) return colour;
    }
    return [1, 1, 1, 1];
  },

  // Text that is hard to read (WCAG 2.2, 1.4.3): each pair of colours once.
  contrasts() {
    const seen = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || !page.visible(element) || element.closest("svg, script, .unseen, :disabled")) continue;
      const style = getComputedStyle(element);
      const [one, other] = [page.luminance(page.colour(style.color)), page.luminance(page.ground(element))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
      if (contrast < (large ? 3 : 4.5)) seen.set(`${style.color} on ${page.ground(element)}`, `contrast ${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)} (${style.color})`);
    }
    return [...seen.values()];
  },
};
