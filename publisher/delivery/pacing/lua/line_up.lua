-- The end of the line of an edition's messages to one provider that got no moment: when the next of them shall ask again.
-- A line reserves nothing and holds nobody else back; it only keeps them from asking all at once. When Redis forgets it, some
-- ask too early, and are sent behind the others.
-- KEYS: clock, line. ARGV: the time or '', microseconds from now before which nobody need ask, messages, microseconds between
-- them, microseconds from now by which everybody asks. Answers microseconds from now of the first of these messages.

local mono = tick(KEYS[1], ARGV[1])
local latest = mono + tonumber(ARGV[5])
local first = math.max(mono + tonumber(ARGV[2]), tonumber(redis.call('GET', KEYS[2]) or 0))
first = math.min(first, latest)
keep(KEYS[2], math.min(first + tonumber(ARGV[3]) * tonumber(ARGV[4]), latest), mono)
return first - mono
