// Reads a JSON list of texts from standard input and writes, of each, whether the PDS's own schema takes it in a post.
'use strict'

const { app } = require('@atproto/pds/dist/lexicons/index.js')

const texts = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const fits = (text) =>
  app.bsky.feed.post.main.safeValidate({
    $type: 'app.bsky.feed.post',
    text,
    createdAt: '2026-06-01T12:00:00.000Z',
  }).success
console.log(JSON.stringify(texts.map(fits)))
