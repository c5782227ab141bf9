-- Give each message of some providers the next free moment, if that is near enough. Two lanes a provider: the steady one for
-- everybody has nine tenths of its rate, the urgent one a tenth, so that a single alert need not wait behind a digest's
-- reservations.
-- KEYS: clock, then for each provider: steady lane, urgent lane (each holds the next free moment).
-- ARGV: the time or '', the `born` whose reservations the caller knows or '', the farthest moment to give in microseconds from
-- now, how many microseconds a moment that is given may be used early, then for each provider: messages, microseconds between
-- them by its rate, microseconds until the last one that the caller knows to be reserved or 0, urgent (1 or 0).
-- Answers {'forgot', born} when Redis may not know what is reserved and the caller has not said, else {'ok', microseconds
-- from now of each message, provider by provider}. One that is farther than the farthest is not given to the message: it is
-- when there is a free one.

local LOOKS_BACK = 30 * 24 * 3600 * 1000000

local mono, born = tick(KEYS[1], ARGV[1])
if mono - born < LOOKS_BACK and ARGV[2] ~= text_of(born) then
  return {'forgot', text_of(born)}
end

local farthest, early = mono + tonumber(ARGV[3]), tonumber(ARGV[4])
local answer = {'ok'}
for provider = 1, (#KEYS - 1) / 2 do
  local many, interval = tonumber(ARGV[4 * provider + 1]), tonumber(ARGV[4 * provider + 2])
  local reserved, urgent = tonumber(ARGV[4 * provider + 3]), ARGV[4 * provider + 4] == '1'
  local steady_key, urgent_key = KEYS[2 * provider], KEYS[2 * provider + 1]
  local steady_step, urgent_step = math.ceil(interval * 10 / 9), interval * 10
  local steady = redis.call('GET', steady_key)
  local fast = redis.call('GET', urgent_key)
  -- Before Redis began something may have left, and early; what was reserved then goes at its moment.
  local taken = math.max(born + early, reserved > 0 and mono + reserved or 0)
  steady = math.max(mono, tonumber(steady or taken + steady_step))
  if mono - born > farthest - mono then taken = born + early end -- an alert waits for no other's
  fast = math.max(mono, tonumber(fast or taken + urgent_step))
  for _ = 1, many do
    local on_fast = urgent and fast < steady
    local moment = on_fast and fast or steady
    answer[#answer + 1] = moment - mono
    if moment <= farthest and on_fast then
      fast = fast + urgent_step
    elseif moment <= farthest then
      steady = steady + steady_step
    end
  end
  keep(steady_key, steady, mono)
  if urgent then keep(urgent_key, fast, mono) end
end
return answer
