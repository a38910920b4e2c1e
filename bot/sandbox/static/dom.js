// Elements are built here and only here. Text always becomes a text node, never markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "dataset") {
      Object.assign(node.dataset, value);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    } else if (name === "class") {
      node.className = value;
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function button(label, props = {}, ...children) {
  return el("button", { type: "button", "aria-label": label, title: label, ...props }, ...children);
}

const SVG = "http://www.w3.org/2000/svg";

// 24 x 24, drawn with a stroke of the text colour.
const PATHS = {
  attach: "M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8",
  send: "M12 19.5V5M5.5 11.2L12 4.7l6.5 6.5",
  menu: "M5 7.5h14M5 12h14M5 16.5h9",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  plus: "M12 5v14M5 12h14",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M20 14.2A8.3 8.3 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2z",
  auto: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 3.5v17M12 8.5h7.5M12 12h8.5M12 15.5h7.5",
  chevron: "M7 9.8l5 5 5-5",
  down: "M12 5v14M5.5 12.7L12 19.2l6.5-6.5",
  left: "M14.5 5.5L8 12l6.5 6.5",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  play: "M8.5 5.6v12.8c0 .6.7 1 1.2.6l9.6-6.4a.7.7 0 0 0 0-1.2L9.7 5c-.5-.4-1.2 0-1.2.6z",
  file: "M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5L13.5 3zM13.5 3v5.5H19",
  image:
    "M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5zM4 17l4.8-5 3.7 3.8 3-2.9 4.5 4.3M15.5 9a.8.8 0 1 0 0-.1",
  download: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14",
  reply: "M10 6.5L4.5 12l5.5 5.5M5 12h8.5a6 6 0 0 1 6 6v.5",
  zoomIn: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5M10.5 8v5M8 10.5h5",
  zoomOut: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5M8 10.5h5",
  check: "M5 12.5l4.7 4.7L19.2 7.5",
  group:
    "M9 11.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6zM2.8 19c.5-3.2 3-5 6.2-5s5.7 1.8 6.2 5M16 5.300a3.1 3.1 0 0 1 0 6M17.5 14.300c2 .6 3.3 2.2 3.7 4.7",
  user: "M12 11.800a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.400zM4.8 20c.6-3.7 3.5-5.6 7.2-5.600s6.6 1.9 7.2 5.6",
  copy: "M9 8.500h9.500a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V9.500a1 1 0 0 1 1-1zM5.5 15.500h-.5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h9.500a1 1 0 0 1 1 1v.5",
  external: "M9 6H6.500A1.5 1.5 0 0 0 5 7.500v10A1.5 1.5 0 0 0 6.5 19h10a1.5 1.5 0 0 0 1.5-1.500V15M13 5h6v6M19 5l-8 8",
  app: "M5 4.500h14a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1zM4 9h16M7 6.800h.01M10 6.800h.01",
  braces:
    "M9 4.500c-2.5 0-2.5 1.5-2.5 3.500S6 12 4.5 12c1.5 0 2 2 2 4s0 3.5 2.5 3.500M15 4.500c2.5 0 2.5 1.5 2.5 3.500s.5 4 2 4c-1.5 0-2 2-2 4s0 3.5-2.5 3.5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9.300a2.700 2.700 0 1 0 0 5.400 2.700 2.700 0 0 0 0-5.400z",
  heart:
    "M12 19.800S4 15.200 4 9.300A4.300 4.300 0 0 1 12 7a4.300 4.300 0 0 1 8 2.300c0 5.900-8 10.500-8 10.500z",
  warning: "M12 4L2.8 19.500h18.400L12 4zM12 10v4.500M12 17v.2",
  keyboard:
    "M4 6.500h16a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1zM6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M7.5 14h9",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function clear(node) {
  node.replaceChildren();
  return node;
}
