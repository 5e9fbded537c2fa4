redis.call('ZADD', KEYS[2], now, ARGV[1])
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], 'inbox')
if consumers.err then return {{}} end
local parked, best = {}, nil
local function older(one, other)
  local a, b = string.match(one, '(%d+)-(%d+)')
  local c, d = string.match(other, '(%d+)-(%d+)')
  if a ~= c then return tonumber(a) < tonumber(c) end
  return tonumber(b) < tonumber(d)
end
local function drop(id)
  redis.call('XACK', KEYS[1], 'inbox', id)
  redis.call('XDEL', KEYS[1], id)
end
for _, consumer in ipairs(consumers) do
  local name = consumer[2]
  local heard = redis.call('ZSCORE', KEYS[2], name)
  if name ~= ARGV[1] and not (heard and now - heard < tonumber(ARGV[2])) then
    local left = 0
    for _, held in ipairs(redis.call('XPENDING', KEYS[1], 'inbox', '-', '+', 1000, name)) do
      local id, runs = held[1], held[4]
      local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
      if not entry then
        drop(id)
      elseif runs >= tonumber(ARGV[3]) then
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', unpack(entry[2]))
        parked[#parked + 1] = entry[2][2]
        drop(id)
      else
        left = left + 1
        local counts = runs < tonumber(ARGV[5])
        if counts and (not best or runs < best.runs or (runs == best.runs and older(id, best.id))) then
          best = {id = id, runs = runs, fields = entry[2]}
        end
      end
    end
    if left == 0 then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'inbox', name)
      redis.call('ZREM', KEYS[2], name)
    end
  end
end
if best then
  redis.call('XCLAIM', KEYS[1], 'inbox', ARGV[1], 0, best.id)
  return {parked, best.id, best.fields, best.runs + 1}
end
return {parked}
