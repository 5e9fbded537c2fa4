local lost = {}
for number = 2, #KEYS do
  local claimed = redis.call('GET', KEYS[number])
  if claimed == '' then claimed = false end
  local id = ARGV[number] ~= '' and ARGV[number] or claimed
  if id then
    local held = redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
    local mine = not held.err and held[1] and held[1][2] == ARGV[1]
    local known = claimed or #redis.call('XRANGE', KEYS[1], id, id) > 0
    if known and not mine then lost[#lost + 1] = number - 2 end
  end
end
return lost
