"""What Redis runs as one step each, in Lua. Every script touches the keys of one bot only.

The inbox is a stream with one consumer group; each process is a consumer. A sorted set keeps when each consumer was
heard of last, by Redis's clock: whose time is too old, or who is not in it, is dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the name under which Redis keeps it."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
# KEYS: inbox, alive. ARGV: consumer.
_BEGIN = (
    _NOW
    + """
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
"""
)

CLAIM: Final = Script(
    """
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
for _, key in ipairs(KEYS) do redis.call('SET', key, '', 'EX', ARGV[1]) end
return 1
"""
)
"""KEYS: claims. ARGV: seconds. Returns 1 when they are ours."""

TAKE: Final = Script(
    _BEGIN
    + """
if redis.call('EXISTS', unpack(KEYS, 3)) > 0 then return {0} end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {-1} end
local id = redis.call('XADD', KEYS[1], '*', 'k', ARGV[4], 'p', ARGV[5], 't', ARGV[6])
for number = 3, #KEYS do redis.call('SET', KEYS[number], number == 3 and id or '', 'EX', ARGV[2]) end
if ARGV[7] == '0' then return {1} end
local entry = read(1)[1]
if not entry then return {1} end
if entry[1] == id then return {2} end
return {3, entry[2]}
"""
)
"""KEYS: inbox, alive, claims. ARGV: consumer, seconds of a claim, bound of the inbox, key, payload, time, begin (0/1).
Returns 0 for a duplicate, -1 when full, 1 when it waits, 2 when it is begun, 3 and the older one begun instead."""

FETCH: Final = Script(
    _BEGIN
    + """
local fields = {}
for _, entry in ipairs(read(ARGV[2])) do fields[#fields + 1] = entry[2] end
return fields
"""
)
"""KEYS: inbox, alive. ARGV: consumer, limit. Returns the entries' fields."""

DONE: Final = Script(
    """
for number = 2, #KEYS do
  local id = redis.call('GET', KEYS[number])
  if id and id ~= '' then
    redis.call('XACK', KEYS[1], 'inbox', id)
    redis.call('XDEL', KEYS[1], id)
  end
end
"""
)
"""KEYS: inbox, claims. Whoever holds the entry by now: it is handled."""

PUT_BACK: Final = Script(
    """
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
"""
)
"""KEYS: inbox, claims. ARGV: consumer. What another consumer has taken over stays with it."""

ABANDONED: Final = Script(
    _NOW
    + """
redis.call('ZADD', KEYS[2], now, ARGV[1])
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], 'inbox')
if consumers.err then return {{}} end
local parked, best = {}, nil
local function older(one, other)
  local a, b = string.match(one, '(%d+)-(%d+)')
  local c, d = string.match(other, '(%d+)-(%d+)')
  if a ~= c then return tonumber(a) < tonumber(c) end
  return tonumber(b) < tonumber(d)
end
local function drop(id)
  redis.call('XACK', KEYS[1], 'inbox', id)
  redis.call('XDEL', KEYS[1], id)
end
for _, consumer in ipairs(consumers) do
  local name = consumer[2]
  local heard = redis.call('ZSCORE', KEYS[2], name)
  if name ~= ARGV[1] and not (heard and now - heard < tonumber(ARGV[2])) then
    local left = 0
    for _, held in ipairs(redis.call('XPENDING', KEYS[1], 'inbox', '-', '+', 1000, name)) do
      local id, runs = held[1], held[4]
      local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
      if not entry then
        drop(id)
      elseif runs >= tonumber(ARGV[3]) then
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', unpack(entry[2]))
        parked[#parked + 1] = entry[2][2]
        drop(id)
      else
        left = left + 1
        local counts = runs < tonumber(ARGV[5])
        if counts and (not best or runs < best.runs or (runs == best.runs and older(id, best.id))) then
          best = {id = id, runs = runs, fields = entry[2]}
        end
      end
    end
    if left == 0 then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'inbox', name)
      redis.call('ZREM', KEYS[2], name)
    end
  end
end
if best then
  redis.call('XCLAIM', KEYS[1], 'inbox', ARGV[1], 0, best.id)
  return {parked, best.fields, best.runs + 1}
end
return {parked}
"""
)
"""KEYS: inbox, alive, parked. ARGV: consumer, milliseconds of silence, most runs, bound of the parked, runs that are
too many to be begun now.
Returns the parked keys, and the fields and runs of the entry of a dead consumer that was begun least often."""

HEARTBEAT: Final = Script(
    _NOW
    + """
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 86400000)
return {now, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""
)
"""KEYS: alive. ARGV: consumer. Returns the time in milliseconds, and the names of all."""

HELD: Final = Script(
    """
local keys = {}
local held = redis.pcall('XPENDING', KEYS[1], 'inbox', '-', '+', 100000, ARGV[1])
if held.err then return keys end
for _, one in ipairs(held) do
  local entry = redis.call('XRANGE', KEYS[1], one[1], one[1])[1]
  if entry then keys[#keys + 1] = entry[2][2] end
end
return keys
"""
)
"""KEYS: inbox. ARGV: consumer. Returns the keys of the entries that it has begun."""

LOST: Final = Script(
    """
local lost = {}
for number = 2, #KEYS do
  local id = redis.call('GET', KEYS[number])
  if id and id ~= '' then
    local held = redis.pcall('XPENDING', KEYS[1], 'inbox', id, id, 1)
    if held.err or not held[1] or held[1][2] ~= ARGV[1] then lost[#lost + 1] = number - 2 end
  end
end
return lost
"""
)
"""KEYS: inbox, claims. ARGV: consumer. Returns which of the claims, counted from 0, are another's, or done, by now.
What Redis does not know is nobody else's."""

COUNT: Final = Script(
    """
local pending = redis.pcall('XPENDING', KEYS[1], 'inbox')
local begun = pending.err and 0 or pending[1]
return {math.max(0, redis.call('XLEN', KEYS[1]) - begun), redis.call('XLEN', KEYS[2])}
"""
)
"""KEYS: inbox, parked. Returns how many wait, and how many are parked."""

DROP_OLD: Final = Script(
    _NOW
    + """
local alive = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for number = 1, #alive, 2 do
  if alive[number] ~= ARGV[1] and now - alive[number + 1] < tonumber(ARGV[2]) then return {0, ''} end
end
local entries = redis.call('XRANGE', KEYS[1], ARGV[4], '+', 'COUNT', 1000)
local dropped = 0
for _, entry in ipairs(entries) do
  if tonumber(entry[2][6]) < tonumber(ARGV[3]) then
    redis.pcall('XACK', KEYS[1], 'inbox', entry[1])
    redis.call('XDEL', KEYS[1], entry[1])
    dropped = dropped + 1
  end
end
return {dropped, #entries == 1000 and '(' .. entries[1000][1] or ''}
"""
)
"""KEYS: inbox, alive. ARGV: consumer, milliseconds of silence, oldest time to keep, where to begin.
While another process lives, what waits is its backlog and nothing is dropped. Returns the count and where to go on."""

LOCK: Final = Script(
    """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
)
"""KEYS: lock. ARGV: consumer, milliseconds. Returns 1 when it is ours, anew or still."""

UNLOCK: Final = Script(
    """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
)
"""KEYS: lock. ARGV: consumer."""

RESERVE: Final = Script(
    _NOW
    + """
local oldest = redis.call('LINDEX', KEYS[1], -tonumber(ARGV[1]))
local at = now
if oldest then at = math.max(now, oldest + ARGV[2]) end
redis.call('RPUSH', KEYS[1], string.format('%d', at))
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[1]), -1)
redis.call('PEXPIRE', KEYS[1], string.format('%d', at - now + ARGV[2]))
return at - now
"""
)
"""KEYS: times. ARGV: calls, milliseconds in which no more are made. Returns the milliseconds until the call's turn."""

ALL: Final = (
    CLAIM,
    TAKE,
    FETCH,
    DONE,
    PUT_BACK,
    ABANDONED,
    HEARTBEAT,
    HELD,
    LOST,
    COUNT,
    DROP_OLD,
    LOCK,
    UNLOCK,
    RESERVE,
)
