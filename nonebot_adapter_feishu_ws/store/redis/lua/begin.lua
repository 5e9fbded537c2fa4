local function read(count)
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  local ask = {'XREADGROUP', 'GROUP', 'inbox', ARGV[1], 'COUNT', count, 'STREAMS', KEYS[1], '>'}
  local found = redis.pcall(unpack(ask))
  if found and found.err then
    redis.call('XGROUP', 'CREATE', KEYS[1], 'inbox', '0', 'MKSTREAM')
    found = redis.call(unpack(ask))
  end
  return found and found[1][2] or {}
end
