-- Posts the requests of a folder in turns, and prints what was measured as one line of JSON.
-- wrk -s wrk.lua URL -- FOLDER COUNT PAUSE_MS: the files 0 to COUNT - 1 are whole HTTP requests;
-- each connection pauses at random between two of them, PAUSE_MS on average (exponential).
local requests, turn, pause = {}, 0, 0

function init(args)
  for i = 0, tonumber(args[2]) - 1 do
    local file = assert(io.open(args[1] .. "/" .. i, "rb"))
    requests[i] = file:read("*a")
    file:close()
  end
  pause = tonumber(args[3])
  math.randomseed(1)
end

function delay()
  -- Never so long that a server closes the idle connection.
  return math.min(math.floor(-pause * math.log(1 - math.random())), 1500)
end

function request()
  turn = (turn + 1) % (#requests + 1)
  return requests[turn]
end

function done(summary, latency, rates)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answers": %d, "seconds": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
