// The editor of templates: Tab writes two blanks, and the line that is to blame is selected.
(function () {
  "use strict";
  var text = document.getElementById("f-text");
  if (!text) {
    return;
  }
  var leaves = false; // after Escape, Tab leaves the field as everywhere
  text.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      leaves = true;
      return;
    }
    if (event.key === "Tab" && !leaves && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      text.setRangeText("  ", text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    leaves = false;
  });
  var line = +text.dataset.line;
  if (line > 0 && text.getAttribute("aria-invalid") === "true") {
    var lines = text.value.split("\n");
    var start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[line - 1] || "").length);
  }
})();
