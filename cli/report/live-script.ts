/** @file The script of a live page. In: events of the server that served it. Out: parts replaced in place: what
 *  is open stays open, the focus stays where it is. Never asks another host. */
export const SCRIPT = `"use strict";
const note = document.createElement("p");
note.id = "live"; note.className = "soft"; note.setAttribute("role", "status");
document.querySelector("header").append(note);
const say = (text) => { if (note.textContent !== text) note.textContent = text; };
const replace = (id, markup) => {
  const place = document.getElementById("part-" + id);
  if (place === null) return;
  const open = [...place.querySelectorAll("details")].map((d) => d.open);
  const wide = [...place.querySelectorAll(".wide, pre")].map((e) => e.scrollLeft);
  const all = () => [...place.querySelectorAll("a, summary, [tabindex]")];
  const focused = all().indexOf(document.activeElement);
  place.innerHTML = markup;
  place.querySelectorAll("details").forEach((d, i) => { if (i in open) d.open = open[i]; });
  place.querySelectorAll(".wide, pre").forEach((e, i) => { if (i in wide) e.scrollLeft = wide[i]; });
  if (focused >= 0) all()[focused]?.focus({ preventScroll: true });
};
const source = new EventSource("events");
const receive = (event) => {
  const { parts, data } = JSON.parse(event.data);
  for (const [id, markup] of Object.entries(parts)) replace(id, markup);
  document.getElementById("data").textContent = JSON.stringify(data);
};
source.addEventListener("open", () => say("Updated while it trains."));
source.addEventListener("update", receive);
source.addEventListener("end", (event) => {
  source.close();
  receive(event);
  say("Training has ended; this page stays as it is.");
});
source.addEventListener("error", () => say("The connection to the training run is lost."));`;
