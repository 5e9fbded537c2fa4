for number = 2, #KEYS do
  local function remove(id)
    redis.call('XACK', KEYS[1], 'inbox', id)
    return redis.call('XDEL', KEYS[1], id)
  end
  local id = ARGV[number - 1]
  if id == '' or remove(id) == 0 then
    id = redis.call('GET', KEYS[number])
    if id and id ~= '' then remove(id) end
  end
end
