// The desk's keyboard shortcuts, and the dialog that lists them. Single keys can be switched off there (WCAG 2.1.4).
(function () {
  "use strict";

  var dialog = document.getElementById("shortcuts");
  if (!dialog || !dialog.showModal) {
    return;
  }
  var single = dialog.querySelector("[data-single-keys]");
  var kept = "desk_single_keys";

  function allowed() {
    try {
      return localStorage.getItem(kept) !== "off";
    } catch (error) {
      return true;
    }
  }
  single.checked = allowed();
  single.addEventListener("change", function () {
    try {
      localStorage.setItem(kept, single.checked ? "on" : "off");
    } catch (error) {
      // Nothing is kept in this browser: the keys stay as they are on the next page.
    }
  });
  document.querySelectorAll("[data-opens='shortcuts']").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      dialog.showModal();
    });
  });

  // The button that a shortcut presses: of the part of the page in which one writes, else of the page.
  function press(name) {
    var near = document.activeElement && document.activeElement.closest("[data-keys]");
    var wanted = "[data-key='" + name + "']";
    var button = (near && near.querySelector(wanted)) || document.querySelector("[data-key='" + name + "-all']") ||
      (near ? null : document.querySelector(wanted));
    if (button) {
      button.click();
    }
  }

  var waits = 0;
  function goes(key) {
    var link = document.querySelector("a[data-go='" + key + "']");
    if (link) {
      link.click();
    }
    return Boolean(link);
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.altKey || dialog.open) {
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      press(event.shiftKey ? "approve" : "save");
      return;
    }
    if (event.ctrlKey || event.metaKey || !allowed() || event.target.closest("input, textarea, select, [contenteditable]")) {
      return;
    }
    var after = Date.now() - waits < 1500;
    waits = 0;
    if (after && goes(event.key)) {
      event.preventDefault();
    } else if (event.key === "g") {
      waits = Date.now();
    } else if (event.key === "?") {
      event.preventDefault();
      dialog.showModal();
    } else if (event.key === "/") {
      var field = document.querySelector("main input[type='search'], main [role='search'] input, main form.filter input");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    }
  });
})();
