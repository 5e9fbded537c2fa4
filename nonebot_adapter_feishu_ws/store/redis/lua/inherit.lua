local found = {}
local notes = redis.call('HGETALL', KEYS[1])
for number = 1, #notes, 2 do
  local holder, value = string.match(notes[number + 1], '^([^\n]*)\n(.*)$')
  if holder and holder ~= ARGV[1] then
    local heard = redis.call('ZSCORE', KEYS[2], holder)
    if not (heard and now - heard < tonumber(ARGV[2])) then
      redis.call('HSET', KEYS[1], notes[number], ARGV[1] .. '\n' .. value)
      found[#found + 1] = notes[number]
      found[#found + 1] = value
    end
  end
end
return found
