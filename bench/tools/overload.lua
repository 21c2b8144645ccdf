-- Posts one photo at random moments from many connections, and counts the answers by status.
-- wrk -s overload.lua URL -- FILE PAUSE_MS: FILE is a whole HTTP request.
local photo, pause = "", 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  photo = file:read("*a")
  file:close()
  pause = tonumber(args[2])
  math.randomseed(os.time())
  served, refused, other = 0, 0, 0
end

function delay()
  -- Never as long as the 5 s after which the service closes an idle connection.
  return math.min(math.floor(-pause * math.log(1 - math.random())), 4000)
end

function request()
  return photo
end

function response(status)
  if status == 200 then served = served + 1
  elseif status == 503 then refused = refused + 1
  else other = other + 1 end
end

function done(summary, latency, rates)
  local sum = { served = 0, refused = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for name, value in pairs(sum) do sum[name] = value + thread:get(name) end
  end
  local all = math.max(sum.served + sum.refused + sum.other, 1)
  -- At most this part of all answers can be slower than 99 % of the served ones.
  local slow = 100 - math.max(sum.served, 1) / all
  local errors = summary.errors
  io.write(string.format(
    '\n{"served": %d, "refused": %d, "other": %d, "broken": %d, "seconds": %f,'
      .. ' "median_ms": %f, "served_p99_ms": %f}\n',
    sum.served, sum.refused, sum.other,
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(slow) / 1e3))
end
