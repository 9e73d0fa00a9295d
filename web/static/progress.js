// Follows an execution: asks how far it is, moves the bar, and shows the page anew when it is over. The link on the page does the same.
"use strict";
const bar = document.getElementById("progress");
const said = document.getElementById("said");

async function look() {
  const answer = await fetch(bar.dataset.state, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) { return; }
  const state = await answer.json();
  if (!state.running) { window.location.reload(); return; }
  if (bar.value !== state.done) {
    bar.value = state.done;
    bar.setAttribute("aria-label", state.said);
    said.textContent = state.said;
  }
  window.setTimeout(look, 1000);
}

window.setTimeout(look, 1000);
