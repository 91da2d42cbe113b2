// What a reader draws with: ellipses for disc and cup, brush and polygon for polyps. All coordinates are pixels of the original.
// A tool has down(point, reach) -> whether it takes the pointer, move, up, draw, undo, key(name, big), and outlines() for the server;
// missing() -> what must be drawn yet, isChanged() -> whether it differs from what was there, isEmpty(), and `former`, what undo takes back.
import { ellipsePath, strokeEllipse, stroke, styles } from "/viewer.js";

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

// MARK: Disc and cup

export class EllipseTool {
  constructor(fundus, middle, reach, onChange) {
    const circle = r => ({ cx: middle.x, cy: middle.y, a: r, b: r, angle: 90 });
    this.shapes = fundus
      ? { disc: { ...fundus.disc.ellipse }, cup: fundus.cup ? { ...fundus.cup.ellipse } : { ...fundus.disc.ellipse, a: fundus.disc.ellipse.a / 3, b: fundus.disc.ellipse.b / 3 } }
      : { disc: circle(reach), cup: circle(reach / 2) };
    this.choices = [["disc", "disc"], ["cup", "cup"], ["none", "no cup"]];
    this.active = "cup";
    // Whether the reader says that no cup is seen.
    this.isCupless = false;
    // Where nothing was measured the circles only show what there is to draw: each counts once it was moved.
    this.touched = new Set();
    this.needed = fundus ? [] : ["disc", "cup"];
    if (!fundus) this.active = "disc";
    this.former = [];
    this.onChange = onChange;
  }

  missing() { return this.needed.filter(name => !this.touched.has(name)); }
  isChanged() { return this.touched.size > 0; }
  isEmpty() { return false; }

  choose(name) {
    if (name !== "disc" && (name === "none") !== this.isCupless) {
      this.remember();
      this.isCupless = name === "none";
      this.touched.add("cup");
    }
    this.active = name === "cup" ? "cup" : "disc";
  }
  remember() { this.former.push(JSON.stringify([this.shapes, [...this.touched], this.isCupless])); }
  undo() {
    if (!this.former.length) return;
    const [shapes, touched, isCupless] = JSON.parse(this.former.pop());
    this.shapes = shapes;
    this.touched = new Set(touched);
    this.isCupless = isCupless;
    if (isCupless) this.active = "disc";
    this.onChange();
  }

  // What can be taken hold of.
  names() { return this.isCupless ? ["disc"] : ["disc", "cup"]; }

  static handles(e) {
    const turn = e.angle * Math.PI / 180;
    const [u, v] = [{ x: Math.cos(turn), y: -Math.sin(turn) }, { x: Math.sin(turn), y: Math.cos(turn) }];
    const at = (axis, length) => ({ x: e.cx + axis.x * length, y: e.cy + axis.y * length });
    return { centre: { x: e.cx, y: e.cy }, major: at(u, e.a), "major-": at(u, -e.a), minor: at(v, e.b), "minor-": at(v, -e.b) };
  }

  down(point, reach) {
    const order = this.names().sort(name => (name === this.active ? -1 : 1));
    let taken = null;
    for (const name of order) {
      for (const [handle, place] of Object.entries(EllipseTool.handles(this.shapes[name]))) {
        if (distance(point, place) <= reach) { taken ??= { name, handle }; }
      }
    }
    // A disc that is nowhere yet comes to where it is pointed at, and the cup with it.
    if (!taken && this.missing().includes("disc")) {
      this.remember();
      const center = { cx: point.x, cy: point.y };
      Object.assign(this.shapes.disc, center);
      if (!this.touched.has("cup")) Object.assign(this.shapes.cup, center);
      this.touched.add("disc");
      [this.active, this.grip] = ["disc", { handle: "centre", from: point, shape: { ...this.shapes.disc } }];
      this.onChange();
      return true;
    }
    // Anywhere inside moves the ellipse as a whole: the cup where it is the cup's inside, or else the disc.
    if (!taken) {
      const inside = this.names().reverse().find(name => contains(this.shapes[name], point));
      if (inside) taken = { name: inside, handle: "centre" };
    }
    if (!taken) return false;
    this.remember();
    this.active = taken.name;
    this.grip = { handle: taken.handle, from: point, shape: { ...this.shapes[taken.name] } };
    this.onChange();
    return true;
  }

  move(point) {
    if (!this.grip) return;
    const { handle, from, shape } = this.grip;
    const e = this.shapes[this.active];
    const [dx, dy] = [point.x - shape.cx, point.y - shape.cy];
    const sign = handle.endsWith("-") ? -1 : 1;
    if (handle === "centre") {
      [e.cx, e.cy] = [shape.cx + point.x - from.x, shape.cy + point.y - from.y];
    } else if (handle.startsWith("major")) {
      e.a = Math.max(2, Math.hypot(dx, dy));
      e.angle = Math.atan2(-dy * sign, dx * sign) * 180 / Math.PI;
    } else {
      const turn = e.angle * Math.PI / 180;
      e.b = Math.max(2, Math.abs(dx * Math.sin(turn) + dy * Math.cos(turn)));
    }
    this.touched.add(this.active);
    this.onChange();
  }

  up() { this.grip = null; }

  // Arrows move the chosen ellipse by a pixel (ten with Shift), + and - make it larger and smaller.
  key(name, big) {
    const step = big ? 10 : 1;
    const e = this.shapes[this.active];
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const sizes = { "+": step, "-": -step };
    if (!moves[name] && !sizes[name]) return false;
    this.remember();
    if (moves[name]) { e.cx += moves[name][0]; e.cy += moves[name][1]; }
    if (sizes[name]) { e.a = Math.max(2, e.a + sizes[name]); e.b = Math.max(2, e.b + sizes[name]); }
    this.touched.add(this.active);
    this.onChange();
    return true;
  }

  draw(context, scale) {
    for (const name of this.names()) {
      const active = name === this.active;
      strokeEllipse(context, this.shapes[name], scale, styles[name], active ? 2.5 : 1.5);
      if (!active) continue;
      for (const [handle, place] of Object.entries(EllipseTool.handles(this.shapes[name]))) {
        context.beginPath();
        if (handle.startsWith("minor")) context.rect(place.x - 5 / scale, place.y - 5 / scale, 10 / scale, 10 / scale);
        else context.arc(place.x, place.y, 6 / scale, 0, 2 * Math.PI);
        context.fillStyle = styles[name].colour;
        context.fill();
        context.lineWidth = 1.5 / scale;
        context.strokeStyle = "#000";
        context.stroke();
      }
    }
  }

  // Vertical cup-to-disc ratio: the extent of what cup and disc share, over the disc's.
  ratio() {
    if (this.isCupless) return 0;
    const { disc, cup } = this.shapes;
    const common = [...outline(cup).filter(p => contains(disc, p)), ...outline(disc).filter(p => contains(cup, p))].map(p => p.y);
    const turn = disc.angle * Math.PI / 180;
    const height = 2 * Math.hypot(disc.a * Math.sin(turn), disc.b * Math.cos(turn));
    return common.length ? (Math.max(...common) - Math.min(...common)) / height : 0;
  }

  // A cup of no pixels says that there is none to be seen.
  outlines() {
    return Object.fromEntries([...this.touched].map(name => [name, name === "cup" && this.isCupless ? { runs: [] } : { ellipse: this.shapes[name] }]));
  }
}

function outline(e) {
  const turn = e.angle * Math.PI / 180;
  return Array.from({ length: 720 }, (_, index) => {
    const t = index * Math.PI / 360;
    const [along, across] = [e.a * Math.cos(t), e.b * Math.sin(t)];
    return { x: e.cx + along * Math.cos(turn) + across * Math.sin(turn), y: e.cy - along * Math.sin(turn) + across * Math.cos(turn) };
  });
}

function contains(e, p) {
  const turn = e.angle * Math.PI / 180;
  const [dx, dy] = [p.x - e.cx, p.y - e.cy];
  const [along, across] = [dx * Math.cos(turn) - dy * Math.sin(turn), dx * Math.sin(turn) + dy * Math.cos(turn)];
  return (along / e.a) ** 2 + (across / e.b) ** 2 <= 1;
}

// MARK: Polyps

export class MaskTool {
  // `former` is the published mask as an image, or null.
  constructor(width, height, former, onChange) {
    [this.width, this.height, this.onChange] = [width, height, onChange];
    this.choices = [["brush", "brush"], ["eraser", "eraser"], ["polygon", "polygon"]];
    this.active = "brush";
    this.radius = Math.max(3, Math.round(Math.min(width, height) / 40));
    this.corners = [];
    this.former = [];
    this.pixels = new Uint8Array(width * height);
    this.layer = Object.assign(document.createElement("canvas"), { width, height });
    this.paint = this.layer.getContext("2d");
    if (former) {
      this.paint.drawImage(former, 0, 0);
      const { data } = this.paint.getImageData(0, 0, width, height);
      for (let i = 0; i < this.pixels.length; i++) this.pixels[i] = data[4 * i] > 127 ? 1 : 0;
    }
    this.start = former && JSON.stringify(this.runs());
    this.show(0, 0, width, height);
  }

  missing() { return []; }
  isChanged() { return JSON.stringify(this.runs()) !== this.start; }
  isEmpty() { return !this.pixels.includes(1); }

  choose(name) { [this.active, this.corners] = [name, []]; }
  resize(factor) { this.radius = Math.min(400, Math.max(1, this.radius * factor)); this.onChange(); }
  remember() {
    this.former.push(this.runs());
    if (this.former.length > 100) this.former.shift();
  }
  undo() {
    if (this.corners.length) { this.corners.pop(); return this.onChange(); }
    const runs = this.former.pop();
    if (!runs) return;
    this.pixels.fill(0);
    for (let i = 0; i < runs.length; i += 2) this.pixels.fill(1, runs[i], runs[i] + runs[i + 1]);
    this.show(0, 0, this.width, this.height);
    this.onChange();
  }

  down(point, reach) {
    if (this.active === "polygon") {
      if (this.corners.length > 2 && distance(point, this.corners[0]) <= 1.5 * reach) this.finish();
      else this.corners.push(point);
      this.onChange();
      return true;
    }
    this.remember();
    this.last = point;
    this.line(point, point);
    return true;
  }

  move(point) {
    if (!this.last) return;
    this.line(this.last, point);
    this.last = point;
  }

  up() {
    this.last = null;
    this.onChange();
  }

  // A stroke of the brush: every pixel whose centre is within its radius of the line.
  line(from, to) {
    const value = this.active === "brush" ? 1 : 0;
    const [r, dx, dy] = [this.radius, to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    const box = this.clip(Math.min(from.x, to.x) - r, Math.min(from.y, to.y) - r, Math.max(from.x, to.x) + r, Math.max(from.y, to.y) + r);
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const t = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= r * r) this.pixels[y * this.width + x] = value;
      }
    }
    this.show(box.left, box.top, box.right, box.bottom);
    this.onChange();
  }

  // Closes the polygon: every pixel whose centre is inside belongs to a polyp.
  finish() {
    const corners = this.corners.filter((p, i, all) => i === 0 || distance(p, all[i - 1]) > 0);
    this.corners = [];
    if (corners.length < 3) return;
    this.remember();
    const box = this.clip(
      Math.min(...corners.map(p => p.x)), Math.min(...corners.map(p => p.y)), Math.max(...corners.map(p => p.x)), Math.max(...corners.map(p => p.y)));
    for (let y = box.top; y < box.bottom; y++) {
      const crossings = [];
      corners.forEach((p, i) => {
        const q = corners[(i + 1) % corners.length];
        if (p.y <= y + 0.5 !== q.y <= y + 0.5) crossings.push(p.x + (y + 0.5 - p.y) / (q.y - p.y) * (q.x - p.x));
      });
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [first, end] = [Math.max(0, Math.ceil(crossings[i] - 0.5)), Math.min(this.width, Math.ceil(crossings[i + 1] - 0.5))];
        if (first < end) this.pixels.fill(1, y * this.width + first, y * this.width + end);
      }
    }
    this.show(box.left, box.top, box.right, box.bottom);
    this.onChange();
  }

  // Q and W make the brush smaller and larger, Enter closes the polygon.
  key(name) {
    if (name === "q" || name === "w") this.resize(name === "w" ? 1.2 : 1 / 1.2);
    else if (name === "Enter" && this.corners.length) this.finish();
    else return false;
    return true;
  }

  clip(left, top, right, bottom) {
    return {
      left: Math.max(0, Math.floor(left)), top: Math.max(0, Math.floor(top)),
      right: Math.min(this.width, Math.ceil(right) + 1), bottom: Math.min(this.height, Math.ceil(bottom) + 1),
    };
  }

  // Brings a part of the layer up to date: a tint inside, the border opaque.
  show(left, top, right, bottom) {
    const box = this.clip(left - 1, top - 1, right, bottom);
    const [width, height] = [box.right - box.left, box.bottom - box.top];
    if (width <= 0 || height <= 0) return;
    const tint = this.paint.createImageData(width, height);
    const inside = (x, y) => x >= 0 && y >= 0 && x < this.width && y < this.height && this.pixels[y * this.width + x];
    for (let y = box.top, i = 0; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++, i += 4) {
        if (!this.pixels[y * this.width + x]) continue;
        const border = !inside(x - 1, y) || !inside(x + 1, y) || !inside(x, y - 1) || !inside(x, y + 1);
        tint.data.set([0x35, 0xf0, 0x4a, border ? 255 : 44], i);
      }
    }
    this.paint.putImageData(tint, box.left, box.top);
  }

  draw(context, scale, hover) {
    context.drawImage(this.layer, 0, 0);
    if (this.corners.length) {
      context.beginPath();
      this.corners.forEach(p => context.lineTo(p.x, p.y));
      if (hover) context.lineTo(hover.x, hover.y);
      stroke(context, scale, styles.cup);
      context.beginPath();
      context.arc(this.corners[0].x, this.corners[0].y, 6 / scale, 0, 2 * Math.PI);
      stroke(context, scale, styles.disc);
    } else if (hover && this.active !== "polygon") {
      ellipsePath(context, { cx: hover.x, cy: hover.y, a: this.radius, b: this.radius, angle: 0 });
      stroke(context, scale, { colour: "#fff", dashes: this.active === "eraser" ? [3, 3] : [] }, 1);
    }
  }

  area() { return this.pixels.reduce((sum, pixel) => sum + pixel, 0) / this.pixels.length; }

  runs() {
    const runs = [];
    let from = this.pixels.indexOf(1);
    while (from >= 0) {
      const end = this.pixels.indexOf(0, from);
      runs.push(from, (end < 0 ? this.pixels.length : end) - from);
      from = end < 0 ? -1 : this.pixels.indexOf(1, end);
    }
    return runs;
  }

  outlines() { return { polyp: { runs: this.runs() } }; }
}
