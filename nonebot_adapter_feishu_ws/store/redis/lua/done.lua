for number = 2, #KEYS do
  local id = redis.call('GET', KEYS[number])
  if id and id ~= '' then
    redis.call('XACK', KEYS[1], 'inbox', id)
    redis.call('XDEL', KEYS[1], id)
  end
end
