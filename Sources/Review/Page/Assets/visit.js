// A visit: both eyes side by side, frames with polyps, what else is to be decided on. It shows, and knows what is chosen and what was on the
// screen; deciding is the page's.
import { Viewer } from "/viewer.js";
import { ask, attentions, causes, decimal, el, eyes, outcomes, picture, plot, polyps, signed, standing, verdicts } from "/words.js";

// Everything that must be there before a visit is shown: of each eye the photograph that counts, with its outlines.
export async function loadVisit(id) {
  const detail = await ask(`/api/visits/${id}`);
  const photographs = await Promise.all(detail.visit.eyes.map(async eye => {
    const shown = eye.counts?.image ?? eye.others[0].image;
    const { report } = await ask(`/api/screenings/${shown.id}`);
    const source = `/api/screenings/${shown.id}/`;
    let problem = null;
    const image = await picture(source + "image").catch(async () => {
      const error = await ask(source + "image").catch(error => error);
      problem = error?.message ?? "The image could not be loaded.";
      // Removed by age or size: what was published of it is still there to be judged.
      return error?.status === 404 ? picture(source + `${shown.version}/overlay`).then(image => ({ image }), () => null) : null;
    });
    return { shown, report: image?.image ? null : report, image: image?.image ?? image, problem };
  }));
  return { detail, photographs };
}

export class VisitView {
  constructor(root, onChoose) {
    this.root = root;
    this.onChoose = onChoose;       // called with (id) where something is to be opened, with (null) where something else is chosen
    this.cards = [];                // what can be chosen: { id, node, words, counts, blind, decided, seen }
    this.chosen = 0;
    this.viewers = [];
    this.contours = true;
    this.whole = false;
    // What was on the screen, most of it.
    this.observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        const card = this.cards.find(card => card.node === target);
        if (card && isIntersecting && [...target.querySelectorAll("img")].every(image => image.complete && image.naturalWidth)) card.seen = true;
      }
    }, { root, threshold: 0.7 });
  }

  show({ detail, photographs }) {
    const { visit, line, blind } = detail;
    this.observer.disconnect();
    [this.cards, this.viewers, this.detail] = [[], [], detail];
    const facts = [visit.study && `study ${visit.study}`, `${line.images} image${line.images === 1 ? "" : "s"}`].filter(Boolean);
    this.root.replaceChildren(...[
      el("header", {}, el("b", {}, line.subject.identifier), el("span", {}, `visit of ${line.day}`),
        el("span", { className: "quiet" }, [line.subject.issuer && `number of ${line.subject.issuer}`, ...facts].filter(Boolean).join(" · "))),
      visit.eyes.length || blind.some(row => row.eye !== "unknown") ? el("div", { className: "eyes" }, ...["right", "left"].map(side => {
        const place = visit.eyes.findIndex(eye => eye.eye === side);
        return place < 0 ? this.missing(side) : this.eye(visit.eyes[place], photographs[place]);
      })) : null,
      ...this.others(), ...this.endoscopy(visit.endoscopy), this.rest(visit),
      visit.eyes.length ? plot(`/api/visits/${visit.id}/history.svg`) : null,
    ].filter(Boolean));
    this.root.scrollTop = 0;
    for (const card of this.cards) if (!card.seen && !card.blind) this.observe(card);
    this.choose(this.first());
  }

  // The worst eye, else the first that waits for a word.
  first() {
    const worst = this.cards.findIndex(card => card.eye != null && card.eye === this.detail.line.worst && !card.decided);
    return Math.max(0, worst >= 0 ? worst : this.cards.findIndex(card => card.counts && !card.decided));
  }

  observe(card) {
    this.observer.observe(card.node);
    // A picture that comes later than its place: looked at again.
    for (const image of card.node.querySelectorAll("img")) image.addEventListener("load", () => { this.observer.unobserve(card.node); this.observer.observe(card.node); });
  }

  add(id, node, words, more = {}) {
    const counting = this.detail.counting.find(image => image.id === id);
    const last = counting?.decisions.at(-1);
    const isDecided = counting != null && standing(counting) != null;
    const card = { id, node, words, counts: counting != null, decided: isDecided, blind: false, seen: false, ...more };
    const index = this.cards.push(card) - 1;
    node.dataset.id = id;
    node.addEventListener("click", () => this.choose(index));
    node.addEventListener("dblclick", () => this.onChoose(id));
    if (last && !isDecided) return `not decided · ${verdicts[last.verdict]} on version ${last.version}`;
    return last ? `${verdicts[last.verdict]}, ${last.reader}, ${last.at.slice(0, 16).replace("T", " ")}` : counting ? "not decided" : "";
  }

  missing(side) {
    const hidden = this.detail.blind.find(row => row.eye === side);
    return hidden ? this.hidden(hidden) : el("section", { className: "card" }, el("h3", {}, eyes[side]), el("div", { className: "none" }, "no photograph"));
  }

  // What is to be drawn before its result is shown.
  hidden(row) {
    const words = row.eye === "unknown" ? "1 image" : eyes[row.eye];
    const node = el("section", { className: "card" }, el("h3", {}, words), el("div", { className: "none" }, "to be drawn first: E"));
    this.add(row.id, node, words, { counts: true, blind: true });
    return node;
  }

  eye(eye, { shown, report, image, problem }) {
    const { counts, others } = eye;
    const canvas = el("canvas", { ariaLabel: `${eyes[eye.eye]} with its outlines` });
    const node = el("section", { className: "card" });
    const state = this.add(shown.id, node, eyes[eye.eye], { seen: image != null, eye: eye.eye });
    const ratio = counts?.image.ratio;
    const rim = shown.rim_minimum != null ? `thinnest rim ${decimal(shown.rim_minimum)}${shown.rim_minimum_angle == null ? "" : ` at ${Math.round(shown.rim_minimum_angle)}°`}` : null;
    node.append(...[
      el("h3", {}, eyes[eye.eye], this.detail.line.worst === eye.eye ? el("span", { className: "look" }, " look here first") : "", el("span", { className: "state quiet" }, state)),
      image ? canvas : el("div", { className: "none" }, problem ?? "no picture"),
      ratio ? el("p", { className: "figure" }, decimal(ratio.value), el("span", { className: "quiet" }, ratio.interval ? ` ${decimal(ratio.interval[0])} to ${decimal(ratio.interval[1])}` : " drawn by a reader"))
        : el("p", { className: "figure" }, "no ratio", el("span", { className: "quiet" }, ` ${without(eye)}`)),
      ...eye.changes.map(change => el("p", { className: change.verdict === "change" ? "look" : "quiet" }, changeWords(change))),
      ...eye.attention.filter(entry => entry.code !== "change").map(entry => el("p", { className: "look" }, entry.detail)),
      el("p", { className: "quiet" }, [rim, shown.quality && `quality ${shown.quality}`, shown.device].filter(Boolean).join(" · ")),
      this.repeats(others.map(other => other.image).filter(other => other.id !== shown.id)),
    ].filter(Boolean));
    if (image) {
      const viewer = new Viewer(canvas, () => {});
      viewer.whole = this.whole;
      viewer.contours = this.contours;
      viewer.show(image, report);
      this.viewers.push(viewer);
    }
    return node;
  }

  repeats(images) {
    if (!images.length) return null;
    return el("p", { className: "repeats quiet" }, images.length === 1 ? "1 repeat: " : `${images.length} repeats: `, ...images.map(image => el("button", { onclick: () => this.onChoose(image.id), title: "opens it" },
      (image.ratio ? decimal(image.ratio.value) : causes[image.reasons[0]] ?? outcomes[image.outcome]) + (image.decision === "reject" ? " ✕" : ""))));
  }

  // Photographs of an eye that nobody knows, and what is to be drawn first.
  others() {
    const { visit } = this.detail;
    const blind = this.detail.blind.filter(row => !this.cards.some(card => card.id === row.id));
    const cards = visit.unplaced.map(image => this.picture(image, "eye not known", image.ratio ? `ratio ${decimal(image.ratio.value)}` : outcomes[image.outcome]));
    cards.push(...blind.map(row => this.hidden(row)));
    return cards.length ? [el("h4", {}, "Also to be decided on"), el("div", { className: "frames" }, ...cards)] : [];
  }

  endoscopy(endoscopy) {
    if (!endoscopy) return [];
    const counting = new Set(this.detail.counting.map(image => image.id));
    const shown = [...endoscopy.with_polyps, ...endoscopy.without.filter(image => counting.has(image.id))];
    const rest = endoscopy.without.filter(image => !counting.has(image.id));
    const found = endoscopy.with_polyps.length;
    return [
      el("h4", {}, `${endoscopy.read} of ${endoscopy.frames} frames were fit to be read, `, el("span", { className: found ? "look" : "" }, found === 1 ? "1 has a polyp" : `${found} have polyps`), found > 1 ? ", the largest first" : ""),
      el("div", { className: "frames" }, ...shown.map((image, index) => this.picture(image, `frame ${index + 1}`, frameWords(image)))),
      rest.length ? el("p", { className: "repeats quiet" }, "The other frames: ", ...rest.map(image => el("button", { onclick: () => this.onChoose(image.id), title: "opens it" },
        image.decision === "reject" ? "✕ rejected" : causes[image.reasons[0]] ?? outcomes[image.outcome]))) : null,
    ].filter(Boolean);
  }

  // What is neither; what of it calls for a person is a card.
  rest(visit) {
    if (!visit.rest.length) return null;
    const counting = new Set(this.detail.counting.map(image => image.id));
    const words = image => `${outcomes[image.outcome]}${image.reasons.length ? `: ${causes[image.reasons[0]]}` : ""}`;
    const called = visit.rest.filter(image => counting.has(image.id));
    const quiet = visit.rest.filter(image => !counting.has(image.id));
    return el("div", {}, el("h4", {}, "Other files"),
      el("div", { className: "frames" }, ...called.map(image => this.picture(image, "other file", words(image)))),
      el("p", { className: "repeats quiet" }, ...quiet.map(image => el("button", { onclick: () => this.onChoose(image.id), title: "opens it" }, words(image)))));
  }

  picture(image, words, result) {
    const node = el("section", { className: "card" });
    const state = this.add(image.id, node, words);
    const called = image.attention.filter(code => code !== "polyp").map(code => attentions[code] ?? "look at it").join(", ");
    node.append(...[
      image.outcome === "failed" ? el("div", { className: "none" }, "no picture") : el("img", { src: `/api/screenings/${image.id}/${image.version}/overlay`, alt: `${words}: ${result}` }),
      el("p", {}, result, el("span", { className: "state quiet" }, state)),
      called ? el("p", { className: "look" }, called) : null,
    ].filter(Boolean));
    return node;
  }

  // MARK: Choosing

  get card() { return this.cards[this.chosen]; }

  choose(index) {
    if (!this.cards.length) return;
    this.chosen = Math.min(this.cards.length - 1, Math.max(0, index));
    this.cards.forEach((card, place) => card.node.setAttribute("aria-current", place === this.chosen));
    this.card.node.scrollIntoView({ block: "nearest" });
    this.onChoose(null);
  }

  // What is to be accepted and was not on the screen yet.
  get unseen() { return this.cards.filter(card => card.counts && !card.decided && !card.blind && !card.seen); }

  showMore() { this.unseen[0]?.node.scrollIntoView({ block: "start" }); }

  toggle(what) {
    this[what] = !this[what];
    for (const viewer of this.viewers) {
      viewer[what] = this[what];
      if (what === "whole") viewer.fit(); else viewer.draw();
    }
  }
}

function frameWords(image) {
  if (!image.polyps.length) return outcomes[image.outcome];
  const largest = Math.max(...image.polyps.map(polyp => polyp.area_fraction));
  return `${polyps(image.polyps.length)}, ${image.polyps.length > 1 ? "the largest " : ""}${(100 * largest).toFixed(1)} % of the picture`;
}

function without({ others }) {
  const images = others.map(other => other.image);
  const words = [...new Set(images.flatMap(image => image.reasons))].map(reason => causes[reason]);
  if (images.some(image => image.decision === "reject")) words.push("rejected by a reader");
  if (images.some(image => image.outcome === "measured" && !image.ratio)) words.push("no cup seen");
  return words.join(", ");
}

const obstacles = {
  model_changed: "other networks measured then", quality: "nothing was fit to measure", rejected: "a reader rejected it",
  other_eye: "which eye it is is not sure", no_error: "the error is not known",
};

function changeWords(change) {
  const since = (change.against === "first" ? "since the first visit, " : "since ") + change.from.visit;
  if (change.verdict === "cannot_tell") return `${since}: cannot tell, ${obstacles[change.why] ?? ""}`;
  const size = `${signed(change.value)}, ${change.verdict === "stable" ? "within" : "beyond"} measurement error (${decimal(change.limit)})`;
  return `${change.verdict === "stable" ? "stable" : change.direction} ${since}: ${size}`;
}
