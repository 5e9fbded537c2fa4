local lost = {}
for number = 2, #KEYS do
  local id = redis.call('GET', KEYS[number])
  if id and id ~= '' then
    local held = redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
    if held.err or not held[1] or held[1][2] ~= ARGV[1] then lost[#lost + 1] = number - 2 end
  end
end
return lost
