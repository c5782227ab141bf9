// Small comforts of the desk. Every page works without this file.
(function () {
  "use strict";

  // The server writes times in the viewer's zone from the next page on.
  try {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) {
      document.cookie =
        "desk_zone=" + zone + "; path=/desk/; max-age=31536000; samesite=lax" +
        (location.protocol === "https:" ? "; secure" : "");
    }
  } catch (error) {
    // An old browser: times stay in UTC.
  }

  // On a phone the navigation scrolls sideways: where one is should be in sight.
  var here = document.querySelector(".sections a[aria-current]");
  var list = here && here.closest(".sections");
  if (list && list.scrollWidth > list.clientWidth) {
    list.scrollLeft = here.offsetLeft - (list.clientWidth - here.offsetWidth) / 2;
  }

  // A filter applies when a choice is made; the button stays for the keyboard and for browsers without scripts.
  document.addEventListener("change", function (event) {
    if (event.target.matches("form.filter select")) {
      event.target.form.requestSubmit();
    }
  });

  // Copy buttons: shown only where a script can copy; without one the text is selected by hand. What is selected is copied
  // as it looks, so that an article keeps its headings.
  function select(source) {
    if (source.select) {
      source.focus();
      source.select();
      source.setSelectionRange(0, source.value.length);
      return;
    }
    var range = document.createRange();
    range.selectNodeContents(source);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
  }
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.dataset.copy);
    var said = document.getElementById(button.dataset.copy + "-said");
    button.hidden = false;
    button.addEventListener("click", function () {
      var copied = false;
      select(source);
      try {
        copied = document.execCommand("copy");
      } catch (error) {
        copied = false;
      }
      said.textContent = copied ? document.body.dataset.copied : document.body.dataset.notCopied;
      button.focus();
    });
  });

  // Leaving a text that was changed and not saved asks first. `data-unsaved`: the server says that what it shows is not saved.
  var changed = Boolean(document.querySelector("[data-unsaved]"));
  document.addEventListener("input", function (event) {
    var form = event.target.form;
    if (form && form.matches("form.composer") && event.target.matches("textarea, select")) {
      changed = true;
    }
  });
  document.addEventListener("htmx:afterSwap", function () {
    changed = changed || Boolean(document.querySelector("[data-unsaved]"));
  });
  document.addEventListener("submit", function (event) {
    var others = changed && event.target.method === "post" && !event.target.matches("form.composer");
    if (others && !window.confirm(document.body.dataset.asksToLeave)) {
      event.preventDefault();
      return;
    }
    changed = changed && event.target.method !== "post";
  });
  window.addEventListener("beforeunload", function (event) {
    if (changed) {
      event.preventDefault();
    }
  });
})();
