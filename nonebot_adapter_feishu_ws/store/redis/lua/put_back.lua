for number = 2, #KEYS do
  local id = redis.call('GET', KEYS[number])
  local held = id and id ~= '' and redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
  if held and held[1] and held[1][2] == ARGV[1] then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry then
      local new = redis.call('XADD', KEYS[1], '*', unpack(entry[2]))
      redis.call('SET', KEYS[number], new, 'KEEPTTL')
    end
    redis.call('XACK', KEYS[1], 'inbox', id)
    redis.call('XDEL', KEYS[1], id)
  end
end
