// Passkeys: asks the browser, puts its answer into the form and sends it. Where a browser knows none, the buttons stay hidden.
(function () {
  "use strict";

  if (!window.PublicKeyCredential || !navigator.credentials) {
    return;
  }

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) {
      return letter.charCodeAt(0);
    });
  }

  function text(buffer) {
    var plain = Array.from(new Uint8Array(buffer), function (byte) {
      return String.fromCharCode(byte);
    }).join("");
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function named(list) {
    return (list || []).map(function (each) {
      return Object.assign({}, each, { id: bytes(each.id) });
    });
  }

  // The question as the browser wants it: bytes where JSON has base64url.
  function asked(question, alone) {
    var key = Object.assign({}, question.publicKey, { challenge: bytes(question.publicKey.challenge) });
    if (key.user) {
      key.user = Object.assign({}, key.user, { id: bytes(key.user.id) });
      key.excludeCredentials = named(key.excludeCredentials);
      key.authenticatorSelection = Object.assign({}, key.authenticatorSelection, {
        residentKey: alone ? "required" : "discouraged",
        requireResidentKey: alone,
        userVerification: alone ? "required" : "discouraged"
      });
    } else {
      key.allowCredentials = named(key.allowCredentials);
    }
    return { publicKey: key };
  }

  // The answer as JSON: base64url where the browser has bytes.
  function answered(credential) {
    var from = credential.response;
    var response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (from[name]) {
        response[name] = text(from[name]);
      }
    });
    if (from.getTransports) {
      response.transports = from.getTransports();
    }
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: response
    };
  }

  function questionOf(box) {
    if (box.dataset.question) {
      return Promise.resolve(JSON.parse(box.dataset.question));
    }
    return fetch(box.dataset.questionUrl, { credentials: "same-origin" }).then(function (response) {
      if (!response.ok) {
        throw new Error("no question");
      }
      return response.json();
    });
  }

  document.querySelectorAll("[data-passkey]").forEach(function (box) {
    var form = box.closest("form");
    var field = box.querySelector("input[name=credential]");
    var button = box.querySelector("button");
    var said = box.querySelector(".passkey-said");
    box.hidden = false;
    button.addEventListener("click", function () {
      var alone = form.querySelector("[data-passkey-alone]");
      button.disabled = true;
      said.hidden = true;
      questionOf(box)
        .then(function (question) {
          var options = asked(question, Boolean(alone && alone.checked));
          return box.dataset.passkey === "create" ? navigator.credentials.create(options) : navigator.credentials.get(options);
        })
        .then(function (credential) {
          field.value = JSON.stringify(answered(credential));
          form.submit();
        })
        .catch(function () {
          said.textContent = box.dataset.failed;
          said.hidden = false;
          button.disabled = false;
        });
    });
  });
})();
