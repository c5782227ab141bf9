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

  // Leaving a text that was changed and not saved asks first.
  var changed = false;
  document.addEventListener("input", function (event) {
    if (event.target.matches("form.composer textarea")) {
      changed = true;
    }
  });
  document.addEventListener("submit", function (event) {
    var others = changed && event.target.method === "post" && !event.target.matches("form.composer");
    if (others && !window.confirm("The text that you typed is not saved, and would be lost. Go on?")) {
      event.preventDefault();
      return;
    }
    changed = false;
  });
  window.addEventListener("beforeunload", function (event) {
    if (changed) {
      event.preventDefault();
    }
  });
})();
