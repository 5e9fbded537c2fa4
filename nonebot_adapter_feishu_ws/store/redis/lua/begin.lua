local function ask(count)
  local command = {'XREADGROUP', 'GROUP', 'inbox', ARGV[1], 'COUNT', count, 'STREAMS', KEYS[1], '>'}
  local found = redis.pcall(unpack(command))
  if found and found.err then
    redis.call('XGROUP', 'CREATE', KEYS[1], 'inbox', '0', 'MKSTREAM')
    found = redis.call(unpack(command))
  end
  return found and found[1][2] or {}
end
local function begun_ahead()
  local begun = {}
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    local held = redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
    if held[1] then begun[id] = held[1] else redis.call('SREM', KEYS[3], id) end
  end
  return begun
end
local function read(count)
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  local entries, begun = {}, nil
  while #entries < count do
    begun = begun or begun_ahead()
    local found = ask(count - #entries)
    if #found == 0 then break end
    for _, entry in ipairs(found) do
      local held = begun[entry[1]]
      if held then
        redis.call('XCLAIM', KEYS[1], 'inbox', held[2], 0, entry[1], 'RETRYCOUNT', held[4], 'JUSTID')
        redis.call('SREM', KEYS[3], entry[1])
      else
        entries[#entries + 1] = entry
      end
    end
  end
  return entries
end
