// The image, large: zoom about the pointer, pan, contours. Everything is in pixels of the original; the canvas only looks at them.

export class Viewer {
  constructor(canvas, onLook) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.onLook = onLook;          // called with (zoom, point or null) for the line below the image
    this.image = null;             // what is shown
    this.report = null;            // whose contours are shown
    this.contours = true;
    this.tool = null;              // what draws, or null
    this.whole = true;             // fit all of the image, or the disc
    this.scale = 1; this.x = 0; this.y = 0;   // canvas = original * scale + (x, y), in CSS px
    new ResizeObserver(() => this.resize()).observe(canvas);
    canvas.addEventListener("wheel", e => this.wheel(e), { passive: false });
    canvas.addEventListener("pointerdown", e => this.down(e));
    canvas.addEventListener("pointermove", e => this.move(e));
    canvas.addEventListener("pointerup", e => this.up(e));
    canvas.addEventListener("pointercancel", e => this.up(e));
    canvas.addEventListener("dblclick", e => this.tool?.finish?.());
    canvas.addEventListener("contextmenu", e => e.preventDefault());
  }

  show(image, report) {
    [this.image, this.report] = [image, report];
    this.fit();
  }

  // The whole image, or what lies around the disc.
  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.image || !width) return this.draw();
    let box = { x: 0, y: 0, width: this.image.naturalWidth, height: this.image.naturalHeight };
    const disc = this.report?.fundus?.disc;
    if (!this.whole && disc) {
      const side = 2.4 * Math.max(disc.vertical_diameter, disc.horizontal_diameter);
      box = { x: disc.ellipse.cx - side / 2, y: disc.ellipse.cy - side / 2, width: side, height: side };
    }
    this.scale = Math.min(width / box.width, height / box.height);
    this.x = width / 2 - (box.x + box.width / 2) * this.scale;
    this.y = height / 2 - (box.y + box.height / 2) * this.scale;
    this.draw();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.fit();
  }

  point(event) {
    const frame = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - frame.left - this.x) / this.scale, y: (event.clientY - frame.top - this.y) / this.scale };
  }

  zoom(factor, event) {
    const frame = this.canvas.getBoundingClientRect();
    const [px, py] = event ? [event.clientX - frame.left, event.clientY - frame.top] : [frame.width / 2, frame.height / 2];
    const scale = Math.min(40, Math.max(0.02, this.scale * factor));
    this.x = px - (px - this.x) * scale / this.scale;
    this.y = py - (py - this.y) * scale / this.scale;
    this.scale = scale;
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    if (event.shiftKey && this.tool?.resize) {
      this.tool.resize(event.deltaY + event.deltaX < 0 ? 1.15 : 1 / 1.15);
      this.draw();
    } else {
      this.zoom(Math.exp(-event.deltaY / 500), event);
    }
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.point(event);
    // The left button draws where the tool wants it; everywhere else, and with the other buttons, the image is dragged.
    if (event.button === 0 && this.tool?.down(at, 9 / this.scale)) this.drag = "tool";
    else this.drag = { x: event.clientX - this.x, y: event.clientY - this.y };
    this.draw();
  }

  move(event) {
    const at = this.point(event);
    this.hover = at;
    if (this.drag === "tool") this.tool?.move(at);
    else if (this.drag) [this.x, this.y] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
    this.onLook(this.scale, at);
    if (this.drag || this.tool) this.draw();
  }

  up(event) {
    if (this.drag === "tool") this.tool?.up(this.point(event));
    this.drag = null;
    this.draw();
  }

  draw() {
    const { context, canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.onLook(this.scale, null);
    if (!this.image) return;
    context.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * this.x, ratio * this.y);
    context.imageSmoothingEnabled = this.scale < 3;
    context.drawImage(this.image, 0, 0);
    if (this.tool) this.tool.draw(context, this.scale, this.hover);
    else if (this.contours) this.drawContours();
  }

  drawContours() {
    const { fundus, endoscopy } = this.report ?? {};
    if (fundus) {
      strokeEllipse(this.context, fundus.disc.ellipse, this.scale, styles.disc);
      this.context.save();
      ellipsePath(this.context, fundus.disc.ellipse);
      this.context.clip();
      if (fundus.cup) strokeEllipse(this.context, fundus.cup.ellipse, this.scale, styles.cup);
      this.context.restore();
    }
    (endoscopy?.polyps ?? []).forEach((polyp, index, all) => {
      this.context.beginPath();
      polyp.contour.forEach(([x, y]) => this.context.lineTo(x, y));
      this.context.closePath();
      stroke(this.context, this.scale, styles.polyp);
      if (all.length < 2) return;
      const [x, y] = polyp.contour.reduce((top, point) => point[1] < top[1] ? point : top);
      label(this.context, `${index + 1}`, x, y - 6 / this.scale, this.scale);
    });
  }
}

// Told apart without colour too: the disc solid, the cup dashed.
export const styles = {
  disc: { colour: "#35f04a", dashes: [] }, cup: { colour: "#4fe3ff", dashes: [7, 5] }, polyp: { colour: "#35f04a", dashes: [] },
};

export function ellipsePath(context, e) {
  context.beginPath();
  context.ellipse(e.cx, e.cy, e.a, e.b, -e.angle * Math.PI / 180, 0, 2 * Math.PI);
}

export function strokeEllipse(context, ellipse, scale, style, width = 2) {
  ellipsePath(context, ellipse);
  stroke(context, scale, style, width);
}

// A line of so many screen pixels over a dark one, so that it stands out from any ground.
export function stroke(context, scale, { colour, dashes }, width = 2) {
  context.lineWidth = (width + 2) / scale;
  context.strokeStyle = "#0008";
  context.setLineDash([]);
  context.stroke();
  context.lineWidth = width / scale;
  context.strokeStyle = colour;
  context.setLineDash(dashes.map(d => d / scale));
  context.stroke();
  context.setLineDash([]);
}

export function label(context, text, x, y, scale) {
  context.font = `600 ${14 / scale}px system-ui, sans-serif`;
  context.lineWidth = 3 / scale;
  context.strokeStyle = "#000";
  context.strokeText(text, x, y);
  context.fillStyle = "#fff";
  context.fillText(text, x, y);
}
