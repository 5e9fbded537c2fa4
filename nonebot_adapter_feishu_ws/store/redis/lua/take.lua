if redis.call('EXISTS', unpack(KEYS, 3)) > 0 then return {0} end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {-1} end
local id = redis.call('XADD', KEYS[1], '*', 'k', ARGV[4], 'p', ARGV[5], 't', ARGV[6])
for number = 3, #KEYS do redis.call('SET', KEYS[number], number == 3 and id or '', 'EX', ARGV[2]) end
if ARGV[7] == '0' then return {1} end
local entry = read(1)[1]
if not entry then return {1} end
if entry[1] == id then return {2, id} end
return {3, entry[1], entry[2]}
