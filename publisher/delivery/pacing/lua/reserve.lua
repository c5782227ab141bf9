-- Give each message of some providers the next free moment. Two lanes a provider: the steady one for everybody has nine
-- tenths of its rate, the urgent one a tenth, so that a single alert need not wait behind a digest's reservations.
-- KEYS: clock, then for each provider: steady lane, urgent lane (each holds the next free moment).
-- ARGV: the time or '', the `born` whose reservations the caller knows or '', then for each provider: messages, microseconds
-- between them by its rate, microseconds until the last one that the caller knows to be reserved or 0, urgent (1 or 0).
-- Answers {'forgot', born} when Redis may not know what is reserved and the caller has not said, else {'ok', microseconds
-- from now of each message, provider by provider}.

local LOOKS_BACK = 30 * 24 * 3600 * 1000000

local mono, born = tick(KEYS[1], ARGV[1])
if mono - born < LOOKS_BACK and ARGV[2] ~= text_of(born) then
  return {'forgot', text_of(born)}
end

local answer = {'ok'}
for provider = 1, (#KEYS - 1) / 2 do
  local many, interval = tonumber(ARGV[4 * provider - 1]), tonumber(ARGV[4 * provider])
  local reserved, urgent = tonumber(ARGV[4 * provider + 1]), ARGV[4 * provider + 2] == '1'
  local steady_key, urgent_key = KEYS[2 * provider], KEYS[2 * provider + 1]
  local steady_step, urgent_step = math.ceil(interval * 10 / 9), interval * 10
  local steady = redis.call('GET', steady_key)
  if not steady and reserved > 0 then
    steady = mono + reserved + steady_step
  elseif not steady then
    steady = born + steady_step -- something may have left just before Redis began
  end
  local fast = tonumber(redis.call('GET', urgent_key) or born + urgent_step)
  steady, fast = math.max(mono, tonumber(steady)), math.max(mono, fast)
  for _ = 1, many do
    if urgent and fast < steady then
      answer[#answer + 1] = fast - mono
      fast = fast + urgent_step
    else
      answer[#answer + 1] = steady - mono
      steady = steady + steady_step
    end
  end
  keep(steady_key, steady, mono)
  if urgent then keep(urgent_key, fast, mono) end
end
return answer
