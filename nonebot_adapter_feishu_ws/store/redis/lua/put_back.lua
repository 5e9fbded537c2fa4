for number = 2, #KEYS do
  local id = ARGV[number] ~= '' and ARGV[number] or redis.call('GET', KEYS[number])
  local held = id and id ~= '' and redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
  if held and held[1] and held[1][2] == ARGV[1] then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry then
      local fields = entry[2]
      local before = string.match(fields[5], '^b(%d*)$')
      local begun = (before == '' and 1 or tonumber(before) or 0) + held[1][4]
      local mark = begun > 1 and 'b' .. string.format('%d', begun) or 'b'
      local new = redis.call('XADD', KEYS[1], '*', 'k', fields[2], 'p', fields[4], mark, fields[6])
      redis.call('SET', KEYS[number], new, 'KEEPTTL', 'XX')
    end
    redis.call('XACK', KEYS[1], 'inbox', id)
    redis.call('XDEL', KEYS[1], id)
  end
end
