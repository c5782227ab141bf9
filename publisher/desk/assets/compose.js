// The composer's comforts: a mark on what is not saved, and a written time chooses itself. The page works without this file.
(function () {
  "use strict";

  document.addEventListener("input", function (event) {
    var column = event.target.closest(".compose-post");
    if (column && event.target.matches("textarea, select")) {
      column.setAttribute("data-unsaved", "");
    }
    if (event.target.dataset.picks) {
      var choice = document.querySelector('input[name="' + event.target.dataset.picks + '"][value="chosen"]');
      if (choice) {
        choice.checked = true;
      }
    }
    if (event.target.type === "radio" && event.target.value !== "chosen") {
      var written = document.querySelector('input[data-picks="' + event.target.name + '"]');
      if (written) {
        written.value = "";
      }
    }
  });
})();
