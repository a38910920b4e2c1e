// Where the tiles of an album lie: a pure function from aspect ratios to boxes.

const MIN_RATIO = 0.62;
const MAX_RATIO = 1.9;
const MAX_IN_ROW = 3;
const TARGET_HEIGHT = 0.95; // of the width: an album a little wider than tall reads best in a chat

function* splits(count) {
  if (count === 0) yield [];
  for (let first = 1; first <= Math.min(MAX_IN_ROW, count); first += 1) {
    for (const rest of splits(count - first)) yield [first, ...rest];
  }
}

function costOf(heights, rows) {
  const total = heights.reduce((sum, height) => sum + height, 0);
  const tallest = Math.max(...heights);
  const flattest = Math.min(...heights);
  const lonely = rows.slice(1).filter((size) => size === 1).length;
  return Math.abs(total - TARGET_HEIGHT) + 0.35 * (tallest - flattest) + 0.12 * lonely;
}

// Ratios are width / height. Returns {height, boxes}: fractions of the width and of the total height.
export function mosaic(ratios) {
  const bounded = ratios.map((ratio) => Math.min(MAX_RATIO, Math.max(MIN_RATIO, ratio || 1)));
  let best = null;
  for (const rows of splits(bounded.length)) {
    let start = 0;
    const heights = rows.map((size) => {
      const sum = bounded.slice(start, start + size).reduce((a, b) => a + b, 0);
      start += size;
      return 1 / sum;
    });
    const cost = costOf(heights, rows);
    if (best === null || cost < best.cost) best = { cost, rows, heights };
  }
  const height = best.heights.reduce((sum, value) => sum + value, 0);
  const boxes = [];
  let top = 0;
  best.rows.forEach((size, row) => {
    const rowRatios = bounded.slice(boxes.length, boxes.length + size);
    let left = 0;
    for (const ratio of rowRatios) {
      const width = ratio * best.heights[row];
      boxes.push({ left, top: top / height, width, height: best.heights[row] / height });
      left += width;
    }
    top += best.heights[row];
  });
  return { height, boxes };
}
