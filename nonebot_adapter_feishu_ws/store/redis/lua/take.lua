if redis.call('EXISTS', unpack(KEYS, 4)) > 0 then return {0} end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {-1} end
local id = redis.call('XADD', KEYS[1], '*', 'k', ARGV[4], 'p', ARGV[5], 't', ARGV[6])
for number = 4, #KEYS do redis.call('SET', KEYS[number], number == 4 and id or '', 'EX', ARGV[2]) end
if ARGV[7] == '0' then return {1} end
if ARGV[7] == '2' then
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  local command = {'XCLAIM', KEYS[1], 'inbox', ARGV[1], 0, id, 'FORCE', 'RETRYCOUNT', 1, 'JUSTID'}
  if redis.pcall(unpack(command)).err then
    redis.call('XGROUP', 'CREATE', KEYS[1], 'inbox', '0')
    redis.call(unpack(command))
  end
  redis.call('SADD', KEYS[3], id)
  return {2, id}
end
local entry = read(1)[1]
if not entry then return {1} end
if entry[1] == id then return {2, id} end
return {3, entry[1], entry[2]}
